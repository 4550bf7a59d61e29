/**
 * Flags of Deno of every process that serves or makes connections.
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

/**
 * The arguments of Deno with which Herd runs a program of its own, given its URL. A config or lock file would
 * be that of whoever uses Herd. A program that came from a server may import from it.
 */
export function programArguments(url: string, ...permissions: readonly string[]): string[] {
  const { protocol, host } = new URL(url);
  const importing = protocol === "file:" ? [] : [`--allow-import=${host}`];
  const flags = ["--no-prompt", "--no-config", "--no-lock", V8_FLAGS];
  return ["run", ...flags, "--allow-ffi", ...importing, ...permissions, url];
}
