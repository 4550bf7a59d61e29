/**
 * The client side of a byte stream for many connections at once: no call waits, and replies arrive in pieces.
 *
 * @module
 */
import { isIPv4Loopback, type SocketAddress } from "../posix/addresses.ts";
import { AF_UNIX } from "../posix/constants.ts";
import { close } from "../posix/io.ts";
import { beginConnect, streamSocket, tryConnect, tryRead } from "../posix/sockets.ts";
import { bindSource } from "../posix/sources.ts";
import { httpReplies } from "./http_client.ts";
import { NamedReplies } from "./http_workers.ts";
import {
  type Asked,
  Failure,
  INCOMPLETE,
  type NonblockingClient,
  type Replies,
} from "./transport.ts";

/** A client of the server at that address, from each of the sources by turns if it can. */
export function nonblockingClient(
  address: SocketAddress,
  asked: Asked,
  host: string,
  sources: readonly SocketAddress[],
  connections: number,
): NonblockingClient {
  const from = isIPv4Loopback(address) || address.family === AF_UNIX ? sources : [];
  let turn = 0;
  const bindNext = from.length === 0 ? undefined : (socket: number) => {
    bindSource(socket, from[turn]!);
    turn = turn + 1 === from.length ? 0 : turn + 1;
  };
  return {
    replies: repliesFor(asked, host, connections),
    open: () => beginConnect(address, bindNext),
  };
}

/**
 * The first of a host's addresses that answers, or the first if none does (UNP §11.12, tcp_connect). Only where
 * there are several, this makes connections that are closed at once.
 */
export function answering(
  addresses: readonly [SocketAddress, ...SocketAddress[]],
): SocketAddress {
  const answers = (address: SocketAddress) => {
    const socket = streamSocket(address);
    const number = tryConnect(socket, address);
    close(socket);
    return number === 0;
  };
  return (addresses.length > 1 ? addresses.find(answers) : undefined) ?? addresses[0];
}

function repliesFor(
  { service, bytes, target, naming }: Asked,
  host: string,
  connections: number,
): Replies {
  if (service === "bytes") return new BytesReplies(bytes, connections);
  if (naming) {
    return new NamedReplies(target ?? `/bytes/${bytes}`, host, target ? null : bytes, naming);
  }
  return target === null
    ? httpReplies(`/bytes/${bytes}`, host, bytes, connections)
    : httpReplies(target, host, null, connections);
}

const READ_BYTES = 65536;

/** Bytes kept of a reply that may be wrong. */
const KEPT = 64;

/** The book's replies: so many bytes, whatever they are. */
class BytesReplies implements Replies {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly #bytes: number;
  readonly #left: Float64Array;
  readonly #reply: Uint8Array<ArrayBuffer>;
  /** The start of the last reply that did not arrive at once, and its connection. */
  readonly #start = new Uint8Array(KEPT);
  #startOf = -1;
  #kept = 0;

  constructor(bytes: number, connections: number) {
    this.message = new TextEncoder().encode(`${bytes}\n`);
    this.#bytes = bytes;
    this.#left = new Float64Array(connections);
    this.#reply = new Uint8Array(Math.min(bytes + 1, READ_BYTES));
  }

  expect(index: number): void {
    this.#left[index] = this.#bytes;
  }

  receive(index: number, connection: number): number {
    const count = tryRead(connection, this.#reply);
    if (count < 0) return INCOMPLETE;
    const before = this.#left[index]!;
    const left = before - count;
    if (left === 0) return 0;
    if (before === this.#bytes) {
      this.#kept = count < KEPT ? count : KEPT;
      for (let i = 0; i < this.#kept; i++) this.#start[i] = this.#reply[i]!;
      this.#startOf = index;
    }
    this.#left[index] = left;
    if (left > 0 && count > 0) return INCOMPLETE;
    return left > 0 ? Failure.shortReply : Failure.longReply;
  }

  wrongReply(index: number): Uint8Array {
    const kept = this.#startOf === index ? this.#kept : 0;
    this.#startOf = -1;
    return this.#start.subarray(0, kept);
  }
}
