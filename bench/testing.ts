/**
 * Commands of Herd in the process of a test: for mistakes on the command line and for what reads only
 * records. What needs the permissions of a task, or starts anything, is run by `runTask`.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { inTime, type Outcome } from "../servers/testing/process.ts";
import { herd } from "./herd.ts";

/** Runs a command to its end, as `deno task` would. */
export async function runHere(...args: string[]): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  using console_ = new DisposableStack();
  const replace = <T, K extends keyof T>(object: T, name: K, value: T[K]) => {
    const before = object[name];
    object[name] = value;
    console_.defer(() => object[name] = before);
  };
  const decoder = new TextDecoder();
  replace(Deno.stdout, "writeSync", (bytes) => {
    stdout += decoder.decode(bytes, { stream: true });
    return bytes.length;
  });
  replace(Deno.stdout, "isTerminal", () => false);
  replace(Deno.stderr, "isTerminal", () => false);
  replace(console, "error", (text: string) => stderr += `${text}\n`);
  const code = await inTime(`the end of ${args.join(" ")}`, herd(args));
  return { code, stdout, stderr };
}

/** That a command ended with this code and one line on standard error, which has these words. */
export function assertRefused(
  { code, stdout, stderr }: Outcome,
  expected: number,
  ...words: string[]
): void {
  assertEquals({ code, stdout }, { code: expected, stdout: "" }, stderr);
  assertMatch(stderr, /^[a-z-]+: [^\n]+\n$/);
  for (const word of words) assertStringIncludes(stderr, word);
}
