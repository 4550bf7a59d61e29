/**
 * How a design that launches another program on each processor does so.
 *
 * @module
 */
import { FIRST_DESCRIPTOR } from "../posix/processes.ts";

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

/** What the program `sserver` is told, as JSON in its one argument. */
export interface SserverOptions {
  /** Where connections come from: a port of its own, or an inherited Unix socket over which they are passed. */
  readonly source: { readonly port: number } | { readonly channel: number };
  /** A server that had no client for so long ends; 0: it does not. */
  readonly idleSeconds: number;
  /** Whether each line is sent back, with its newline and a NUL. */
  readonly echo: boolean;
  /** Whether it tells of each connection and message. */
  readonly verbose: boolean;
  /** Its slot in the meter it shares with a launcher; null: none launched it. */
  readonly slot: number | null;
}
