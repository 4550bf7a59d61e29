/**
 * What a server gets that serves many clients at once, and never blocks for a single one.
 *
 * @module
 */

/**
 * The state of one client in a server that never blocks for a single client: the server passes it what
 * arrives, and asks it what to send.
 */
export interface Session {
  /** Starts again, for another client. */
  restart(): void;
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

/** How long requests take, besides their replies. */
export interface Times {
  /** Consumes the CPU time of so many requests. */
  work(requests: number): void;
  /** Nanoseconds for which so many requests wait. */
  waitFor(requests: number): number;
}

/** What a process gets that serves many clients at once, in place of `serve`. */
export interface Sessions {
  /** Makes the session of a client. */
  start(): Session;
  /** Counts the clients of this process. */
  readonly counter: Counter;
  /** How long requests take, besides their replies; undefined: no time. */
  readonly times: Times | undefined;
  /** Whether to end when no client is left: in a warm-up, where accept would wait for ever. */
  readonly endsIdle: boolean;
  /** Milliseconds that a client may take for a request, or to read a reply; 0: no limit. */
  readonly limitMs: number;
}
