/**
 * V8 flags of every process that serves or makes connections.
 *
 * @module
 */

/**
 * The argument of Deno (the tasks in deno.json have the same):
 *
 * - No threads for compiler and collector, since a forked child would lack them (`posix/fork.ts`).
 * - Code is optimized after 500 calls instead of 3000, so that a warm-up takes tenths of a second; and
 *   directly by V8's last compiler, since only its code calls a C function without a detour through Deno:
 *   that costs a twentieth and, in a forked child, touches no page of Deno.
 * - V8's built-in functions are called where they are. Copied, for shorter calls, they make the start of a
 *   Worker 6 % more expensive and nothing that is measured here cheaper.
 */
export const V8_FLAGS =
  "--v8-flags=--single-threaded,--no-maglev,--invocation-count-for-turbofan=500,--no-short-builtin-calls";
