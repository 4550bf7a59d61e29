/**
 * Starts the load program.
 *
 * @module
 */
import { BOOK } from "../../clients/book.ts";
import { sourcesFor } from "../../clients/ports.ts";
import type { LoadEvent, LoadOptions, LoadRequest } from "../../clients/protocol.ts";
import type { Listening, Placement } from "../../servers/host/protocol.ts";
import { loopbackHost } from "../../servers/posix/network.ts";
import { LoadLine } from "../record/lines.ts";
import { LIMITS } from "../record/record.ts";
import { Agent } from "./agent.ts";
import type { Program } from "./program.ts";

/** A running load program. */
export type LoadAgent = Agent<LoadEvent, LoadRequest>;

/** A load, by one program or by several. */
export type AnyLoad =
  & Pick<LoadAgent, "pids" | "next" | "send" | "signal">
  & AsyncDisposable;

/** The load program, a file of the checkout. */
export const LOAD_PROGRAM = "clients/main.ts";

/** The default options. */
export const LOAD_DEFAULTS: Omit<LoadOptions, "placement"> = {
  transport: "tcp",
  clients: BOOK.clients,
  connections: BOOK.connections,
  bytes: BOOK.bytes,
  service: "bytes",
  requests: 1,
  target: null,
  warmUpConnections: 0,
  limitSeconds: 0,
  thinkMilliseconds: 0,
  rate: 0,
  arrivals: "poisson",
  seed: 1,
  timeoutSeconds: LIMITS.request,
  sources: 0,
  workerPattern: null,
  owners: null,
};

/** A load of the server that listens there; its clients wait for `go`. */
export function startLoad(
  { host = loopbackHost(), port = 0, path = null, ...options }: Partial<LoadOptions & Listening>,
  placement?: Omit<Placement, "owner">,
): LoadAgent {
  const load = startUnconnected(options, placement);
  // If it has ended already, `next` reports the reason.
  load.send({ request: "connect", host, port, path }).catch(() => {});
  return load;
}

/** Starts the load program, which warms up and waits for `connect`: beside the start of a server, for example. */
export function startUnconnected(
  options: Partial<LoadOptions>,
  placement: Omit<Placement, "owner"> = { session: "same", processors: null },
): LoadAgent {
  const sources = sourcesFor({ ...LOAD_DEFAULTS, ...options });
  return agentOf({ ...LOAD_DEFAULTS, sources, ...options }, placement);
}

/** The load program with these options, started here unless it was started elsewhere. */
export function agentOf(
  options: Omit<LoadOptions, "placement">,
  placement: Omit<Placement, "owner">,
  { name = "load", program }: { readonly name?: string; readonly program?: Program } = {},
): LoadAgent {
  const parse = (line: unknown) => LoadLine.parse(line);
  return new Agent({ name, program: LOAD_PROGRAM, options, placement, parse }, program);
}
