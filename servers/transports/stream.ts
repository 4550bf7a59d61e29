/**
 * Byte streams over TCP or Unix sockets: the client sends a line, receives the bytes, and closes.
 *
 * @module
 */
import { bindPort, bindShards, listenOnBound, listenOnShards } from "./port.ts";
import {
  AddressError,
  boundAddress,
  internetAddresses,
  isIPv4Loopback,
  type SocketAddress,
  unixAddress,
} from "../posix/addresses.ts";
import { AF_UNIX } from "../posix/constants.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { close, pinned, pinnedBytes, readPinned, write, writePinned } from "../posix/io.ts";
import { SocketFile } from "../posix/socket_files.ts";
import { bindSource } from "../posix/sources.ts";
import {
  accept,
  connect,
  listen,
  type SocketTimeout,
  SocketType,
  streamSocket,
} from "../posix/sockets.ts";
import { httpRequests } from "./http_client.ts";
import { namedRequests } from "./http_workers.ts";
import { answering, nonblockingClient } from "./nonblocking.ts";
import {
  addressText,
  type Asked,
  type Client,
  type Endpoint,
  Failure,
  type ServerAddress,
  type Transport,
} from "./transport.ts";

/** Over TCP. */
export const tcp: Transport = {
  bind({ host, port }, shards) {
    const listener = bindPort(host, port);
    const address = boundAddress(listener);
    const nothing = () => {};
    if (!shards) {
      return {
        listener,
        address,
        listen: () => listenOnBound(listener),
        [Symbol.dispose]: nothing,
      };
    }
    const listeners = bindShards(listener, shards.count);
    const listen = () => listenOnShards(listeners, shards.steer);
    return { listener, listeners, address, listen, [Symbol.dispose]: nothing };
  },
  client: (server, asked, ...rest) =>
    streamClient(
      internetAddresses(server.host, server.port),
      requestsFor(asked, addressText(server)),
      ...rest,
    ),
  nonblockingClient: (server, asked, ...rest) =>
    nonblockingClient(
      answering(internetAddresses(server.host, server.port)),
      asked,
      addressText(server),
      ...rest,
    ),
  acceptAndReply,
};

/** Over a Unix socket. */
export const unix: Transport = {
  bind: (address) => listenAt(address, SocketType.stream),
  client: ({ path }, asked, ...rest) =>
    streamClient([pathAddress(path!)], requestsFor(asked, "localhost"), ...rest),
  nonblockingClient: ({ path }, asked, ...rest) =>
    nonblockingClient(pathAddress(path!), asked, "localhost", ...rest),
  acceptAndReply,
};

/** The socket address of a path, or of an abstract name if it starts with `@`. */
export function pathAddress(path: string): SocketAddress {
  return unixAddress(path.replace(/^@/, "\0"));
}

/**
 * Listens at a path or an abstract name.
 *
 * @throws {AddressError} if it is in use.
 */
export function listenAt(address: ServerAddress, type: SocketType): Endpoint {
  const path = address.path!;
  const nothing = () => {};
  if (path.startsWith("@")) {
    const listener = listenUnder(path, type);
    return { listener, address, listen: nothing, [Symbol.dispose]: nothing };
  }
  const file = new SocketFile(path, type);
  return {
    listener: file.listener,
    address,
    listen: nothing,
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

function listenUnder(name: string, type: SocketType): number {
  try {
    return listen(pathAddress(name), `listen on ${name}`, type);
  } catch (error) {
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new AddressError(`Cannot listen on ${name}: the name is in use; use another name`);
  }
}

/** How a client asks, on a connection. */
type Requests = Required<Pick<Client, "request" | "wrongReply">> & {
  /** A connection begins. */
  begin?(): void;
};

function requestsFor({ service, bytes, target, naming }: Asked, host: string): Requests {
  if (service === "bytes") return bytesRequests(bytes);
  if (naming) {
    return namedRequests(target ?? `/bytes/${bytes}`, host, target ? null : bytes, naming);
  }
  return target === null
    ? httpRequests(`/bytes/${bytes}`, host, bytes)
    : httpRequests(target, host, null);
}

const MAX_READ = 65536;

/** Bytes kept of a reply that may be wrong. */
const KEPT = 64;

/** Sends a line with a count, and receives that many bytes. */
function bytesRequests(bytes: number): Requests {
  const request = pinned(new TextEncoder().encode(`${bytes}\n`));
  // One byte more than the reply, to detect one that is too long.
  const reply = pinnedBytes(Math.min(bytes + 1, MAX_READ));
  const start = new Uint8Array(KEPT);
  let kept = 0;
  return {
    request(connection) {
      writePinned(connection, request, request.bytes.length);
      let count = readPinned(connection, reply);
      let left = bytes - count;
      if (left === 0) return 0;
      // Too long, or too short so far: only here, so that the usual reply costs nothing more.
      kept = Math.min(count, KEPT);
      start.set(reply.bytes.subarray(0, kept));
      while (left > 0 && count > 0) left -= count = readPinned(connection, reply);
      if (left === 0) return 0;
      return left > 0 ? Failure.shortReply : Failure.longReply;
    },
    wrongReply() {
      const length = kept;
      kept = 0;
      return start.subarray(0, length);
    },
  };
}

/** A client of the first of these addresses that answers, which it remembers (UNP §11.12, tcp_connect). */
function streamClient(
  addresses: readonly [SocketAddress, ...SocketAddress[]],
  requests: Requests,
  timeout: SocketTimeout,
  sources: readonly SocketAddress[] = [],
): Client {
  const sourcesOf = (address: SocketAddress) =>
    isIPv4Loopback(address) || address.family === AF_UNIX ? sources : [];
  let at = 0;
  let [address] = addresses;
  let from = sourcesOf(address);
  let turn = 0;
  const openThis = () => {
    const connection = streamSocket(address, timeout);
    try {
      if (from.length > 0) {
        bindSource(connection, from[turn]!);
        turn = turn + 1 === from.length ? 0 : turn + 1;
      }
      connect(connection, address);
    } catch (error) {
      close(connection);
      throw error;
    }
    return connection;
  };
  // In turn from the one that answered last, until the first again.
  const openAny = () => {
    let failure: unknown;
    for (let i = 0; i < addresses.length; i++) {
      try {
        return openThis();
      } catch (error) {
        failure ??= error;
        at = (at + 1) % addresses.length;
        address = addresses[at]!;
        from = sourcesOf(address);
      }
    }
    throw failure;
  };
  const open = addresses.length === 1 ? openThis : openAny;
  const { begin } = requests;
  return {
    open: begin ? () => (begin(), open()) : open,
    request: requests.request,
    close,
    wrongReply: requests.wrongReply,
  };
}

function acceptAndReply(listener: number, reply: Uint8Array<ArrayBuffer>): number {
  const peer = accept(listener);
  write(peer, reply, reply.length);
  return peer;
}
