/**
 * An error as one line on standard error and an exit code: of every command, and of what is thrown outside
 * of it.
 *
 * @module
 */
import { ExitCode, HerdError, UsageError } from "../../servers/errors.ts";

/** What to write instead, by the option that a `UsageError` names. */
export type Hints = Readonly<Record<string, string>>;

/** An error in one line, and the exit code that belongs to it. */
export function explain(
  error: unknown,
  hints: Hints = {},
): { readonly line: string; readonly exitCode: number } {
  const { message } = error instanceof Error ? error : { message: String(error) };
  if (error instanceof HerdError) {
    const option = error instanceof UsageError ? error.option : undefined;
    const hint = option === undefined ? undefined : hints[option];
    return { line: hint ? `${message}; ${hint}` : message, exitCode: error.exitCode };
  }
  if (error instanceof Deno.errors.NotCapable) {
    const line = `Cannot do this with the permissions of this task: ${message}`;
    return { line, exitCode: ExitCode.usage };
  }
  return {
    line: `This is a bug in Herd: ${message.split("\n")[0]}. ` +
      "Please report it, with what --debug prints; CONTRIBUTING.md says where",
    exitCode: ExitCode.bug,
  };
}

/** Prints an error, with its stack where `--debug` is given. The exit code is the result. */
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
  console.error(`${command}: ${line}`);
  return exitCode;
}

/**
 * From now on an error that nobody catches, as one thrown in a timer or by the listener of a signal, ends
 * this process as an error of the command does. Deno's own exit code is 1.
 */
export function explainUncaught(command: string): void {
  const end = (event: Event, error: unknown) => {
    event.preventDefault();
    Deno.exit(printError(command, error));
  };
  globalThis.addEventListener("error", (event) => end(event, event.error));
  globalThis.addEventListener("unhandledrejection", (event) => end(event, event.reason));
}
