/**
 * What commands print to standard output.
 *
 * @module
 */

import { RecordError } from "../../servers/errors.ts";

/**
 * Prints a line to standard output; a reader that went away ends nothing.
 *
 * @throws {RecordError} where it is a file that cannot be written, as on a disk that is full.
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
  printLine(JSON.stringify(event));
}
