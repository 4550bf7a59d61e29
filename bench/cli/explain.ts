/**
 * How an error ends a process: one line on standard error, and an exit code.
 *
 * @module
 */
import { ExitCode, HerdError } from "../../servers/errors.ts";
import { plain } from "../report/tables/table.ts";
import { asWrittenHere } from "./way_in.ts";

/** Advice by option: what to write instead, if an error names that option. */
export type Hints = Readonly<Record<string, string>>;

/** Describes an error in one line, and gives its exit code. */
export function explain(
  error: unknown,
  hints: Hints = {},
): { readonly line: string; readonly exitCode: number } {
  const { message } = error instanceof Error ? error : { message: String(error) };
  if (error instanceof HerdError) {
    const hint = error.option === undefined ? undefined : hints[error.option];
    return { line: hint ? `${message}; ${hint}` : message, exitCode: error.exitCode };
  }
  if (error instanceof Deno.errors.NotCapable) {
    const line = `Cannot do this with the permissions of this task: ${message}`;
    return { line, exitCode: ExitCode.usage };
  }
  return {
    line: `This is a bug in Herd: ${message.split("\n")[0]!.replace(/\.$/, "")}. ` +
      "Please report it with the output of --debug, as CONTRIBUTING.md says",
    exitCode: ExitCode.bug,
  };
}

/** Prints an error, with `--debug` also its stack. Returns the exit code. */
export function printError(
  command: string,
  error: unknown,
  { hints, isDebug = Deno.args.includes("--debug") }: {
    readonly hints?: Hints | undefined;
    readonly isDebug?: boolean;
  } = {},
): number {
  if (isDebug) console.error(error);
  const { line, exitCode } = explain(error, hints);
  console.error(`${command}: ${plain(asWrittenHere(line))}`);
  return exitCode;
}

/**
 * Ends this process like any other error of a command if an error is not caught, such as one thrown in a
 * timer or a signal listener. Deno would exit with 1.
 */
export function explainUncaught(command: string): void {
  const end = (event: Event, error: unknown) => {
    event.preventDefault();
    Deno.exit(printError(command, error));
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
}

/**
 * Lets this process go on when its standard error cannot be written, such as a file on a full disk. Deno
 * would throw, and end what is being measured.
 */
export function surviveFullStandardError(): void {
  const print = console.error;
  console.error = (...values: unknown[]) => {
    try {
      print(...values);
    } catch {
      // Nobody can be told.
    }
  };
}
