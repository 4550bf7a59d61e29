/**
 * Starts an external server, by the program that watches and measures it.
 *
 * @module
 */
import type { ExternalOptions } from "../../servers/external/external.ts";
import type { Placement, ServerEvent, ServerRequest } from "../../servers/host/protocol.ts";
import { MeasuredLine } from "../record/lines.ts";
import { Agent } from "./agent.ts";

/** A running program that runs an external server, or a design's. */
export type MeasuredAgent = Agent<ServerEvent<null>, ServerRequest>;

/** Starts it. Its program speaks like that of a design's server. */
export function startExternal(
  options: Omit<ExternalOptions, "placement">,
  placement: Omit<Placement, "owner">,
): MeasuredAgent {
  return new Agent({
    name: "server",
    program: "servers/external/main.ts",
    options,
    placement,
    cgroup: options.cgroup,
    parse: (line) => MeasuredLine.parse(line),
  });
}
