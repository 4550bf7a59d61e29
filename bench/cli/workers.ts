/**
 * How connections of each worker of an external server are counted, on the command line.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import { type Plan, Way } from "../record/record.ts";
import type { Flags, Values } from "./flags.ts";

const WAYS = Way.options;

export const workerFlags = {
  "worker-header": {
    kind: "string",
    value: "NAME",
    help:
      "External servers: Take the worker of a connection from this header of a reply, or from /PATTERN/",
  },
  "workers-by": {
    kind: "string",
    value: WAYS.join("|"),
    help:
      "External servers: Count the connections of each worker this way, or in several ways, such as " +
      "trace,sockets (default: the first that works)",
  },
} as const satisfies Flags;

/** The part of a plan that these flags are. @throws {UsageError} for another way. */
export function workersOf(
  { "worker-header": header, "workers-by": text }: Values<typeof workerFlags>,
): Pick<Plan, "workersBy" | "workerHeader"> {
  const words = text?.split(",").map((word) => word.trim()) ?? [];
  const workersBy = words.map((word) => {
    const way = WAYS.find((name) => name === word);
    if (way !== undefined) return way;
    throw new UsageError(
      `Unknown way "${word}": write --workers-by ${
        WAYS.join(" or ")
      }, or several, as in trace,sockets`,
    );
  });
  return { workersBy, workerHeader: header ?? null };
}
