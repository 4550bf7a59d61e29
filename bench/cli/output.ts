/**
 * Standard output of the commands.
 *
 * @module
 */

import { RecordError } from "../../servers/errors.ts";
import { plainJson } from "../report/tables/table.ts";

/**
 * Prints a line to standard output. A closed pipe is ignored.
 *
 * @throws {RecordError} if it cannot be written, as when it is a file on a full disk.
 */
export function printLine(line: string): void {
  const bytes = new TextEncoder().encode(line + "\n");
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (cause) {
    if (cause instanceof Deno.errors.BrokenPipe) return;
    throw new RecordError(`Cannot write standard output: ${(cause as Error).message}`, { cause });
  }
}

/** Prints an event as one line of JSON. */
export function printEvent(event: Readonly<Record<string, unknown>>): void {
  printLine(plainJson(JSON.stringify(event)));
}
