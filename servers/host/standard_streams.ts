/**
 * Standard input and output of a program that another program started. Input is read with blocking calls: a
 * process that will fork must have nothing pending in its event loop.
 *
 * @module
 */
import { ExitCode, HerdError, UsageError } from "../errors.ts";
import type { ErrorEvent } from "./protocol.ts";

/** Reads a line from standard input, without its newline; undefined at the end of input. */
function readLine(): string | undefined {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  // Byte by byte: the bytes after the line belong to the next reader. Not by `read`, which V8 would compile for it
  // at a byte that happens to be in a measured time.
  while (Deno.stdin.readSync(byte)) {
    if (byte[0] === NEWLINE) return decode(bytes);
    bytes.push(byte[0]!);
  }
  return bytes.length === 0 ? undefined : decode(bytes);
}

const NEWLINE = 10;

function decode(bytes: readonly number[]): string {
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

/**
 * Reads the options of this program, one JSON object in one line.
 *
 * @throws {UsageError} if there are none.
 */
export function readOptions<Options>(): Options {
  const line = readLine();
  try {
    return JSON.parse(line ?? "");
  } catch {
    throw new UsageError("Cannot read the options: write one line of JSON to standard input");
  }
}

/** Reads a request; undefined at the end of input, which cancels what this program was to do. */
export function readRequest<Request>(): Request | undefined {
  const line = readLine();
  return line === undefined ? undefined : JSON.parse(line);
}

/** Prints an event as one line of JSON; ignores a closed pipe. */
export function printEvent(event: object): void {
  printText(JSON.stringify(event) + "\n");
}

/** Prints text; ignores a closed pipe. */
export function printText(text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Runs a program and returns its exit code; an error becomes its last event. */
export async function runProgram(main: () => number | Promise<number>): Promise<number> {
  try {
    return await main();
  } catch (error) {
    const { message, stack } = error as Error;
    const exitCode = error instanceof HerdError ? error.exitCode : ExitCode.bug;
    if (exitCode === ExitCode.bug) console.error(stack);
    const option = error instanceof HerdError ? error.option : undefined;
    printEvent({ event: "error", exitCode, message, option } satisfies ErrorEvent);
    return exitCode;
  }
}
