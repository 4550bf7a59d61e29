/**
 * What commands print to standard output.
 *
 * @module
 */

/** Prints a line to standard output; a reader that went away ends nothing. */
export function printLine(line: string): void {
  const bytes = new TextEncoder().encode(line + "\n");
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Prints an event as one line of JSON. */
export function printEvent(event: Readonly<Record<string, unknown>>): void {
  printLine(JSON.stringify(event));
}
