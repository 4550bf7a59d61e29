/**
 * What the commands write: standard output, and a file that the user names.
 *
 * @module
 */

import { RecordError, UsageError } from "../../servers/errors.ts";
import { isFull } from "../record/disk_errors.ts";
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

/** Writes a file. @throws {UsageError} if it cannot be written there; {RecordError} if the disk is full. */
export function writeFile(path: string, text: string): void {
  try {
    Deno.writeTextFileSync(path, text);
  } catch (error) {
    const message = `Cannot write ${path}: ${(error as Error).message}`;
    throw isFull(error) ? new RecordError(message) : new UsageError(message);
  }
}
