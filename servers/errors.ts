/**
 * The errors that Herd explains in one line. Each class carries the exit code of a program that ends because
 * of it. Messages name what was asked for, never a flag: commands add those.
 *
 * @module
 */

/** Exit codes of every program of Herd. */
export const ExitCode = {
  ok: 0,
  usage: 2,
  failed: 3,
  unsupported: 4,
  record: 5,
  bug: 70,
  regression: 99,
  timedOut: 124,
  interrupted: 130,
} as const;

/** An error whose message is all that a user needs. */
export abstract class HerdError extends Error {
  /** Exit code of a program that ends because of it. */
  abstract readonly exitCode: number;
}

/** What was asked for cannot be done: an unknown name, a value out of range, a port in use. Exit code 2. */
export class UsageError extends HerdError {
  override name = "UsageError";
  readonly exitCode = ExitCode.usage;
  /** The option that has to change, as it is called in the options of a function; undefined: none alone. */
  readonly option: string | undefined;

  constructor(
    message: string,
    options: ErrorOptions & { readonly option?: string | undefined } = {},
  ) {
    super(message, options);
    this.option = options.option;
  }
}

/** A server, a load or a trial failed. Exit code 3. */
export class FailedError extends HerdError {
  override name = "FailedError";
  readonly exitCode = ExitCode.failed;
}

/** This machine cannot do it. Exit code 4. */
export class UnsupportedError extends HerdError {
  override name = "UnsupportedError";
  readonly exitCode = ExitCode.unsupported;
}

/** A record cannot be read or written. Exit code 5. */
export class RecordError extends HerdError {
  override name = "RecordError";
  readonly exitCode = ExitCode.record;
}

/** The error that a program reported by an exit code and a message, in the process that started it. */
export function errorOf(exitCode: number, message: string, option?: string): Error {
  if (exitCode === ExitCode.usage) return new UsageError(message, { option });
  if (exitCode === ExitCode.unsupported) return new UnsupportedError(message);
  if (exitCode === ExitCode.record) return new RecordError(message);
  return exitCode === ExitCode.bug ? new Error(message) : new FailedError(message);
}
