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

/** Flags of a server that slaunch starts. */
export const serverFlags = {
  idle: {
    kind: "integer",
    value: "SECONDS",
    default: 0,
    min: 0,
    max: 1_000_000,
    zero: "no limit",
    help: "End a server that had no client for SECONDS",
  },
  echo: { kind: "boolean", help: "Send each line back, with its newline and a NUL" },
  verbose: { kind: "boolean", help: "Print a line for each server, connection and message" },
} as const;

/** Flags of slaunch. */
export const launchFlags = {
  cpus: {
    kind: "string",
    value: "LIST",
    help: "slaunch: Start a server on each of these processors, such as 0,2-3 (default: all)",
  },
  idle: { ...serverFlags.idle, help: `slaunch: ${serverFlags.idle.help}` },
  echo: { ...serverFlags.echo, help: `slaunch: ${serverFlags.echo.help}` },
  verbose: { ...serverFlags.verbose, help: `slaunch: ${serverFlags.verbose.help}` },
} as const;

/**
 * The launch options of a design; undefined if it launches no servers.
 *
 * @throws {UsageError} for flags that it does not use, or processors that this process may not use.
 * @throws {UnsupportedError} if the mask is empty.
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
    throw new UsageError("Cannot print both the dialog and events: write --verbose or --json");
  }
  return { processors: maskOf(cpus, usable), idleSeconds, echo, verbose };
}

/** More processors than Linux can have (NR_CPUS). */
const PROCESSORS = 8192;

/** The mask: the processors of a list such as `0,2-3`; without a list, all that this process may use. */
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

/** The limit of a client's time. */
export const requestTimeoutFlag = {
  kind: "integer",
  value: "SECONDS",
  default: 0,
  min: 0,
  max: 1_000_000,
  zero: "no limit, as in the book",
  help:
    "Close a connection whose client takes longer than SECONDS for a request, or to read a reply; " +
    "without it, as many slow clients as there are children stop a pool, and as many as there " +
    "are descriptors a server of many clients",
} as const;

/** The port a server listens on. */
export const portFlag = {
  kind: "integer",
  value: "PORT",
  default: 0,
  min: 0,
  max: 65535,
  zero: "any free one",
  help: "Listen on PORT of 127.0.0.1",
} as const;
