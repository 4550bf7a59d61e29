/**
 * The flags of slaunch and its servers.
 *
 * @module
 */
import type { Launch } from "../../servers/children/launch.ts";
import type { Design } from "../../servers/design.ts";
import { UnsupportedError, UsageError } from "../../servers/errors.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { processorsOf, type Values } from "./flags.ts";

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
  usable: readonly number[] = affinity(),
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
  return { processors: maskOf(cpus, usable), idleSeconds, echo, verbose };
}

/** Processors have smaller numbers than this (CPU_SETSIZE of sched_setaffinity(2)). */
const PROCESSORS = 1024;

/** The mask: the processors of a list such as `0,2-3`, or without one all that this process may use. */
function maskOf(list: string | undefined, usable: readonly number[]): readonly number[] {
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

/** The port of a server. */
export const portFlag = {
  kind: "integer",
  value: "PORT",
  default: 0,
  min: 0,
  max: 65535,
  help: "port on 127.0.0.1; 0 lets the system pick one",
} as const;
