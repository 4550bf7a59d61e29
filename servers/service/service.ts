/**
 * What a server does for its clients: the contract of a service.
 *
 * @module
 */
import type { ServiceName } from "../design.ts";
import type { SocketTimeout } from "../posix/sockets.ts";
import type { Counter, Session } from "../sessions.ts";
import type { RequestTimes } from "./request_times.ts";

export type { Counter, Session };

/** A service. */
export interface Service {
  readonly name: ServiceName;
  /**
   * Serves one client, closes the connection and counts it. With a timeout, a client that takes longer for a
   * request, or to read a reply, is rejected. With times, requests take as long, besides their replies.
   */
  serve(
    counter: Counter,
    connection: number,
    timeout?: SocketTimeout,
    times?: RequestTimes,
  ): void;
  /** Makes the session of a client in a server that serves many at once. */
  startSession(): Session;
  /** What clients send by turns in a warm-up, for V8 to see all that is usual. */
  readonly examples: readonly string[];
}
