/**
 * How a design that launches another program on each processor does so: what `deno task serve` is told.
 *
 * @module
 */
import { processorsOf, UsageError, type Values } from "../cli.ts";
import type { Design } from "../design.ts";
import { UnsupportedError } from "../posix/libc.ts";
import { affinity, FIRST_DESCRIPTOR } from "../posix/processes.ts";

/** How servers are launched. */
export interface Launch {
  /** The processors, each of which has one. */
  readonly processors: readonly number[];
  /** How long a server without any client stays; 0: until it is ended. */
  readonly idleSeconds: number;
  /** Whether they send lines back in place of what the protocol asks for. */
  readonly echo: boolean;
  /** Whether launcher and servers tell what they do. */
  readonly verbose: boolean;
}

/**
 * Where a launched program finds what it inherits. It needs the channel to its end, and closes the others
 * before it serves: so the first connection has the number 3, as in the guide's dialog.
 */
export const Inherited = {
  /** The shared memory with the meter. */
  memory: FIRST_DESCRIPTOR,
  /** Write end of the status pipe. */
  status: FIRST_DESCRIPTOR + 1,
  /** Its end of the socket pair. */
  channel: FIRST_DESCRIPTOR + 2,
  /** A pipe at which the launcher waits until it is closed; only with `verbose`. */
  starting: FIRST_DESCRIPTOR + 3,
} as const;

/** The flags of a server that is launched. */
export const serverFlags = {
  idle: {
    kind: "integer",
    value: "SECONDS",
    default: 0,
    min: 0,
    max: 1_000_000,
    help: "a server that had no client for so long ends; 0: none does",
  },
  echo: { kind: "boolean", help: "send each line back, with its newline and a NUL" },
  verbose: { kind: "boolean", help: "tell of each server, connection and message" },
} as const;

/** The flags of a launcher. */
export const launchFlags = {
  cpus: {
    kind: "string",
    value: "LIST",
    help: "slaunch: processors that have a server, such as 0,2-3 (default: all it may use)",
  },
  idle: { ...serverFlags.idle, help: `slaunch: ${serverFlags.idle.help}` },
  echo: { ...serverFlags.echo, help: `slaunch: ${serverFlags.echo.help}` },
  verbose: { ...serverFlags.verbose, help: `slaunch: ${serverFlags.verbose.help}` },
} as const;

/**
 * How a design is to launch its servers; undefined where it launches none.
 *
 * @throws {UsageError} for flags that are of no use to it, or processors that this process may not use.
 * @throws {UnsupportedError} where the mask is empty.
 */
export function launchOf(
  { id, children }: Design,
  flags: Values<typeof launchFlags> & { readonly json: boolean },
  given: ReadonlySet<string>,
): Launch | undefined {
  const { cpus, idle: idleSeconds, echo, verbose, json } = flags;
  if (children !== "exec") {
    const [useless] = Object.keys(launchFlags).filter((name) => given.has(name));
    if (useless === undefined) return undefined;
    throw new UsageError(`Cannot use --${useless} with ${id}: it is a flag of slaunch`);
  }
  if (verbose && json) {
    throw new UsageError("Cannot print the dialog among events: write --verbose or --json");
  }
  return { processors: maskOf(cpus), idleSeconds, echo, verbose };
}

/** Processors have smaller numbers than this (CPU_SETSIZE of sched_setaffinity(2)). */
const PROCESSORS = 1024;

/** The mask: the processors of a list such as `0,2-3`, or without one all that this process may use. */
function maskOf(list: string | undefined): readonly number[] {
  const usable = affinity();
  if (list === undefined) return usable;
  const wanted = processorsOf("cpus", list, [...Array(PROCESSORS).keys()]);
  if (wanted.some((processor) => usable.includes(processor))) {
    return processorsOf("cpus", list, usable);
  }
  throw new UnsupportedError(
    `Cannot launch a server, the mask is empty: this process may use none of the processors ${list}; ` +
      `write --cpus with some of ${usable.join(",")}`,
  );
}
