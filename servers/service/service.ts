/**
 * What a server does for its clients: the contract of a service.
 *
 * @module
 */
import type { ServiceName } from "../design.ts";
import type { SocketTimeout } from "../posix/sockets.ts";
import type { RequestTimes } from "./request_times.ts";

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

/**
 * The state of one client in a server that never blocks for a single client: the server passes it what
 * arrives, and asks it what to send.
 */
export interface Session {
  /** Processes the first `length` bytes of `input`; returns the number of reply bytes now due. */
  receive(input: Uint8Array<ArrayBuffer>, length: number): number;
  /** Requests so far that were not rejected. */
  readonly requests: number;
  /** Whether the server is to close the connection, as soon as the replies due have been sent. */
  readonly isOver: boolean;
  /** Whether it is over because input was invalid. */
  readonly rejected: boolean;
  /** The next bytes to send; those beyond the number due do not count. */
  readonly outgoing: Uint8Array<ArrayBuffer>;
  /** The first `count` bytes of `outgoing` have been sent. */
  sent(count: number): void;
}

/** Counts connections; in a server this is a slot of the meter. */
export interface Counter {
  /** A connection was accepted. */
  open(): void;
  /**
   * A connection was closed, after so many requests; `rejected`: because of an invalid one, or a client that stood
   * still.
   */
  close(rejected: boolean, requests: number): void;
}
