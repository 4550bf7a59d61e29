/**
 * How V8 runs wherever connections are served or made, in place of what suits a browser.
 *
 * @module
 */

/**
 * The argument of Deno for it (the tasks in deno.json have the same):
 *
 * - No threads for compiler and collector, since a forked child would miss them (`posix/fork.ts`).
 * - Code that has been called 500 times in place of 3000 is optimized, so that this happens in a warm-up of
 *   tenths of a second; and at once by the last of V8's compilers, since only its code calls a C function
 *   directly, which costs a twentieth of the way through Deno and, in a forked child, touches none of it.
 * - V8's own functions are called where they lie. Copied, for shorter calls, they make a Worker 6 % dearer
 *   to start, and nothing that is measured here cheaper.
 */
export const V8_FLAGS =
  "--v8-flags=--single-threaded,--no-maglev,--invocation-count-for-turbofan=500,--no-short-builtin-calls";
