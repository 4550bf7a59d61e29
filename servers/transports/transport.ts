/**
 * How clients reach a server: one interface, several ways. Each has a server's side, which listens, and a
 * client's, which opens a connection, asks over it and closes it.
 *
 * @module
 */
import type { TransportName } from "../design.ts";
import type { SocketTimeout } from "../posix/sockets.ts";

/** Where a server is: a host and port, or a path. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** A path in the file system, or `@` and an abstract name, which no file has (unix(7)). */
  readonly path?: string | undefined;
}

/** A server's place. Disposing of it takes a path away; the listener stays open. */
export interface Endpoint extends Disposable {
  readonly listener: number;
  readonly address: ServerAddress;
  /**
   * Lets clients connect. To a path they can from the start, since a name that nobody listens at counts
   * as left behind, and another server takes it over.
   *
   * @throws {UsageError} where another server with the same port was quicker.
   */
  open(): void;
}

/** What a client does on each of its connections. */
export interface Client {
  /** Opens a connection; its descriptor is the result. @throws an error of which `failureOf` knows the kind. */
  open(): number;
  /** Asks for the bytes and receives them; 0, or a `Failure`. */
  ask(connection: number): number;
  close(connection: number): void;
}

/** How a reply differed from what was asked for: these stand beside the error numbers. */
export const Failure = { shortReply: 200, longReply: 201, refused: 202 } as const;

/** A way to reach a server. */
export interface Transport {
  /** Takes a place; port 0 lets the system pick one. @throws {UsageError | AddressError} where it is in use. */
  bind(address: ServerAddress): Endpoint;
  /** What a client does that asks for so many bytes; a call that takes longer than the limit fails. */
  client(address: ServerAddress, bytes: number, limit: SocketTimeout): Client;
  /**
   * Accepts a client, and sends the bytes it has not yet asked for, so that a single thread can play both
   * sides.
   */
  acceptAndReply(listener: number, bytes: number): number;
}

/**
 * How a design is reached that listens at a path, or at a port: over its own transport where it has one.
 */
export function transportOf(
  { transport }: { readonly transport?: TransportName },
  atPath: boolean,
): TransportName {
  return transport ?? (atPath ? "unix" : "tcp");
}

/** The kind of failure an error stands for, as an error number. */
export function failureOf(error: unknown): number {
  const { errno, cause } = error as { errno?: number; cause?: unknown };
  if (cause !== undefined) return failureOf(cause);
  if (errno === undefined) throw error;
  return errno;
}

/** Where a server is, in words. */
export function addressText({ host, port, path }: ServerAddress): string {
  return path ?? `${host}:${port}`;
}
