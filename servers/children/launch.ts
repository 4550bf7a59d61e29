/**
 * How a design launches another program on each processor.
 *
 * @module
 */
import type { ServiceName, ServiceTime } from "../design.ts";
import { FIRST_DESCRIPTOR } from "../posix/programs.ts";

/** How servers are launched. */
export interface Launch {
  /** The processors, with one server on each. */
  readonly processors: readonly number[];
  /** A server without clients for this long ends; 0: it runs until it is stopped. */
  readonly idleSeconds: number;
  /** Whether they echo lines instead of answering requests. */
  readonly echo: boolean;
  /** Whether launcher and servers print what they do. */
  readonly verbose: boolean;
}

/**
 * The descriptors that a launched program inherits. It needs the socket to its end, and closes the others
 * before it serves, so that the first connection gets the number 3, as in the guide's dialog.
 */
export const Inherited = {
  /** The shared memory with the meter. */
  memory: FIRST_DESCRIPTOR,
  /** Write end of the status pipe. */
  status: FIRST_DESCRIPTOR + 1,
  /** Its end of the socket pair. */
  socket: FIRST_DESCRIPTOR + 2,
  /** Write end of a pipe that the launcher waits on until it is closed; only with `verbose`. */
  starting: FIRST_DESCRIPTOR + 3,
} as const;

/** Options of the program `sserver`, as JSON in its one argument. */
export interface SserverOptions {
  /** Source of connections: a port of its own, or an inherited Unix socket over which they are passed. */
  readonly source: { readonly port: number } | { readonly channel: number };
  readonly service: ServiceName;
  /** How long each request takes, besides its reply. */
  readonly serviceTime: ServiceTime;
  /** How long a client may take for a request, or to read a reply; 0: for ever. */
  readonly requestTimeoutSeconds: number;
  /** A server without clients for this long ends; 0: it does not. */
  readonly idleSeconds: number;
  /** Whether, instead, each line is sent back, with its newline and a NUL. */
  readonly echo: boolean;
  /** Whether it prints each connection and message. */
  readonly verbose: boolean;
  /** Its slot in the meter that it shares with a launcher; null: no launcher started it. */
  readonly slot: number | null;
}
