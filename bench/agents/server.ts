/**
 * Starts the server program.
 *
 * @module
 */
import type {
  Placement,
  ServerEvent,
  ServerOptions,
  ServerRequest,
} from "../../servers/host/protocol.ts";
import { BOOK } from "../../clients/book.ts";
import { NO_SERVICE_TIME } from "../../servers/service/request_times.ts";
import { ServerLine } from "../record/lines.ts";
import { Agent, type Start } from "./agent.ts";
import type { Program } from "./program.ts";

/** A running server program. */
export type ServerAgent = Agent<ServerEvent, ServerRequest>;

/** A server, here or on another machine. */
export type AnyServer =
  & Pick<ServerAgent, "pids" | "next" | "send" | "signal" | "failure">
  & AsyncDisposable;

/** Who hears what nobody waits for, and the program if it was started elsewhere. */
export interface ServerListening extends Pick<Start<ServerEvent>, "onText" | "onEvent"> {
  readonly program?: Program | undefined;
}

/** The server program, a file of the checkout. */
export const SERVER_PROGRAM = "servers/host/main.ts";

/** The default options. */
export const SERVER_DEFAULTS: Omit<ServerOptions, "design" | "placement"> = {
  host: null,
  port: 0,
  path: null,
  service: "bytes",
  children: BOOK.children,
  steer: "hash",
  policy: "lowest-free",
  serviceTime: NO_SERVICE_TIME,
  requestTimeoutSeconds: 0,
  launch: null,
  cgroup: null,
  counters: "never",
  traceable: false,
};

/** Starts the server program of a design. */
export function startServer(
  options: Partial<ServerOptions> & Pick<ServerOptions, "design">,
  placement: Omit<Placement, "owner"> = { session: "same", processors: null },
  { program, ...listen }: ServerListening = {},
): ServerAgent {
  return new Agent(
    {
      name: "server",
      program: SERVER_PROGRAM,
      options: { ...SERVER_DEFAULTS, ...options },
      placement,
      cgroup: options.cgroup ?? undefined,
      parse: (line) => ServerLine.parse(line),
      ...listen,
    },
    program,
  );
}
