/**
 * The errors that Herd explains in one line. Each class has the exit code of a program that ends with it.
 * Messages never name flags: commands add those.
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
  unsure: 98,
  regression: 99,
  timedOut: 124,
  interrupted: 130,
} as const;

/** An error that its message explains to a user. */
export abstract class HerdError extends Error {
  /** Exit code of a program that ends with it. */
  abstract readonly exitCode: number;
  /** The option to change, by its name in the options of the function; undefined: not a single one. */
  readonly option: string | undefined;

  constructor(
    message: string,
    { option, ...options }: ErrorOptions & { readonly option?: string | undefined } = {},
  ) {
    super(message, options);
    this.option = option;
  }
}

/** A request that cannot be met: an unknown name, a value out of range, a port in use. Exit code 2. */
export class UsageError extends HerdError {
  override name = "UsageError";
  readonly exitCode = ExitCode.usage;
}

/** A server, a load or a trial failed. Exit code 3. */
export class FailedError extends HerdError {
  override name = "FailedError";
  readonly exitCode = ExitCode.failed;
}

/** This machine does not support it. Exit code 4. */
export class UnsupportedError extends HerdError {
  override name = "UnsupportedError";
  readonly exitCode = ExitCode.unsupported;
}

/** A record cannot be read or written. Exit code 5. */
export class RecordError extends HerdError {
  override name = "RecordError";
  readonly exitCode = ExitCode.record;
}

/** Rebuilds an error that a program has reported, in the process that started it. */
export function errorOf(exitCode: number, message: string, option?: string): Error {
  if (exitCode === ExitCode.usage) return new UsageError(message, { option });
  if (exitCode === ExitCode.unsupported) return new UnsupportedError(message, { option });
  if (exitCode === ExitCode.record) return new RecordError(message);
  return exitCode === ExitCode.bug ? new Error(message) : new FailedError(message);
}
