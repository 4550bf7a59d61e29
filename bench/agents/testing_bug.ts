/** A program with a bug, for the test of how it is reported. */
import { runProgram } from "../../servers/host/standard_streams.ts";

function buggy(): never {
  throw new TypeError("oops");
}

if (import.meta.main) Deno.exit(await runProgram(buggy));
