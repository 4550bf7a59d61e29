/**
 * Transports: the ways in which clients reach a server. Each has a server side, which listens, and a client
 * side, which connects, sends a request and closes.
 *
 * @module
 */
import type { ServiceName, Steering, TransportName } from "../design.ts";
import type { SocketAddress } from "../posix/addresses.ts";
import type { SocketTimeout } from "../posix/sockets.ts";

/** The address of a server: host and port, or a path. */
export interface ServerAddress {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** A path in the file system, or `@` and an abstract name (unix(7)). */
  readonly path?: string | undefined;
}

/** A bound socket of a server. Disposing of it removes its path; the socket stays open. */
export interface Endpoint extends Disposable {
  readonly listener: number;
  /** All its sockets, the first among them, where it is sharded. */
  readonly listeners?: readonly number[];
  readonly address: ServerAddress;
  /**
   * Lets clients connect. An endpoint with a path listens from the start, because a socket file without
   * listener counts as stale and another server would replace it.
   *
   * @throws {UsageError} if another server bound to the same port listens already.
   */
  listen(): void;
}

/** Several sockets of a server, each with a queue of its own. */
export interface Shards {
  readonly count: number;
  /** How connections are dealt to them. */
  readonly steer: Steering;
}

/** The client side of a transport. */
export interface Client {
  /** Connects and returns the descriptor. @throws an error for `errorNumberOf`. */
  open(): number;
  /** Sends the request and receives the reply. Returns 0 or a `Failure`. */
  request(connection: number): number;
  close(connection: number): void;
  /** The first bytes of a reply that failed, as far as they were kept. */
  wrongReply?(): Uint8Array;
}

/** Requests and replies on many connections at once: no call waits. */
export interface Replies {
  /** What to send for each reply. */
  readonly message: Uint8Array<ArrayBuffer>;
  /** Expects a reply on the connection with that index, from the start. */
  expect(index: number): void;
  /** Receives what has arrived of a reply. Returns 0 if it is whole, `INCOMPLETE` or a `Failure`. @throws an error for `errorNumberOf`. */
  receive(index: number, connection: number): number;
  /** The first bytes of a reply that failed, as far as they were kept. */
  wrongReply(index: number): Uint8Array;
}

/** The client side of a byte stream for many connections at once. */
export interface NonblockingClient {
  readonly replies: Replies;
  /**
   * Begins to connect and returns the descriptor; −1: the server's queue is full, try again later.
   *
   * @throws an error for `errorNumberOf`.
   */
  open(): number;
}

/** More of a reply is to come. */
export const INCOMPLETE = -1;

/** Wrong replies, as numbers beside the error numbers. */
export const Failure = {
  shortReply: 200,
  longReply: 201,
  refused: 202,
  noAnswer: 203,
  noLength: 204,
} as const;

/** What clients ask for. */
export interface Asked {
  /** The service they speak; over doors and channels the book's. */
  readonly service: ServiceName;
  /** Bytes of each reply. */
  readonly bytes: number;
  /** The target of HTTP requests, such as `/index.html`, whose replies say how long they are; null: that of `bytes`. */
  readonly target: string | null;
  /** What is told of the worker that served each connection, over HTTP; undefined: nothing. */
  readonly naming?: Naming | undefined;
}

/** How replies name the worker that sent them. */
export interface Naming {
  /** Found in the reply, or its first 64 KiB: the first group is the name, or all without one. */
  readonly pattern: RegExp;
  /** Counts a connection of that worker. */
  count(name: string): void;
}

/** A transport. */
export interface Transport {
  /**
   * Binds a server's socket, or several of TCP; the system chooses a port for 0.
   *
   * @throws {UsageError | AddressError} if the address is in use.
   */
  bind(address: ServerAddress, shards?: Shards): Endpoint;
  /**
   * The side of a client that asks for that. Calls fail after the timeout. A byte stream connects from
   * each of the sources by turns, if there are any and it can.
   */
  client(
    address: ServerAddress,
    asked: Asked,
    timeout: SocketTimeout,
    sources?: readonly SocketAddress[],
  ): Client;
  /** Like `client`, for that many connections at once; a message transport has none. */
  nonblockingClient?(
    address: ServerAddress,
    asked: Asked,
    sources: readonly SocketAddress[],
    connections: number,
  ): NonblockingClient;
  /**
   * Accepts a connection and sends the reply before the request has arrived, so that one thread can act as
   * client and server.
   */
  acceptAndReply(listener: number, reply: Uint8Array<ArrayBuffer>): number;
}

/** The transport of a server that listens at a path or a port: that of its design, or a byte stream. */
export function transportOf(
  { transport }: { readonly transport?: TransportName },
  atPath: boolean,
): TransportName {
  return transport ?? (atPath ? "unix" : "tcp");
}

/** The error number of a client's error or of its cause. @throws the error itself if it has none. */
export function errorNumberOf(error: unknown): number {
  const { errno, cause } = error as { errno?: number; cause?: unknown };
  if (cause !== undefined) return errorNumberOf(cause);
  if (errno === undefined) throw error;
  return errno;
}

/** A server's address as text, such as `127.0.0.1:80` or `[::1]:80`. */
export function addressText({ host, port, path }: ServerAddress): string {
  return path ?? (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
}
