/**
 * Socket diagnostics of TCP (inet_diag in sock_diag(7)).
 *
 * @module
 */
import { endsOf } from "./addresses.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";
import { SystemError } from "./errors.ts";
import { close, read } from "./io.ts";
import {
  diagnosticsSocket,
  HEADER_BYTES,
  NLMSG_DONE,
  NLMSG_ERROR,
  requestOf,
  sendRequest,
  SOCK_DIAG_BY_FAMILY,
} from "./netlink.ts";

const NLM_F_DUMP = 0x300;
const IPPROTO_TCP = 6;

const ID_BYTES = 48; // struct inet_diag_sockid: ports, addresses, interface, cookie
const REQUEST_BYTES = 8 + ID_BYTES; // struct inet_diag_req_v2: family, protocol, states, id
const ID_AT = HEADER_BYTES + 4; // after family, state, timer and retransmissions of struct inet_diag_msg
const INODE_AT = ID_AT + ID_BYTES + 16; // after expiry, queues and user

/** States, as bits (tcp_states.h). */
export const TcpStates = {
  established: 1 << 1,
  timeWait: 1 << 6,
  closeWait: 1 << 8,
  listen: 1 << 10,
} as const;

/** What is asked for. */
export interface Asked {
  readonly family: number;
  readonly states: number;
  /** A `struct inet_diag_sockid`. */
  readonly id: Uint8Array;
}

/** A socket. */
export interface FoundSocket {
  /** Its `struct inet_diag_sockid`. */
  readonly id: Uint8Array;
  readonly inode: number;
}

/** A request about TCP sockets. */
export function inetRequest(
  type: number,
  flags: number,
  { family, states, id }: Asked,
): Uint8Array<ArrayBuffer> {
  const request = requestOf(type, flags, REQUEST_BYTES);
  request[HEADER_BYTES] = family;
  request[HEADER_BYTES + 1] = IPPROTO_TCP;
  new DataView(request.buffer).setUint32(HEADER_BYTES + 4, states, true);
  request.set(id, HEADER_BYTES + 8);
  return request;
}

/** The id of sockets with that port, at this end or at the other. */
export function idOf(port: number, end: "local" | "remote"): Uint8Array {
  const id = new Uint8Array(ID_BYTES);
  new DataView(id.buffer).setUint16(end === "local" ? 0 : 2, port);
  return id;
}

const reply = new Uint8Array(32_768);
const message = new DataView(reply.buffer);

/** The sockets that are like that. @throws {SystemError} such as ENOENT if the kernel has no inet_diag. */
export function inetSockets(socket: number, asked: Asked, action: string): FoundSocket[] {
  sendRequest(socket, inetRequest(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, asked), action);
  const found: FoundSocket[] = [];
  for (;;) {
    const length = read(socket, reply);
    for (let at = 0; at < length; at += message.getUint32(at, true)) {
      const type = message.getUint16(at + 4, true);
      if (type === NLMSG_DONE) return found;
      if (type === NLMSG_ERROR) {
        throw new SystemError("sock_diag", action, -message.getInt32(at + HEADER_BYTES, true));
      }
      const id = reply.slice(at + ID_AT, at + ID_AT + ID_BYTES);
      found.push({ id, inode: message.getUint32(at + INODE_AT, true) });
    }
  }
}

/**
 * The inodes of the TCP sockets of this thread's network namespace that listen at a port. Unlike /proc/net/tcp this
 * takes no longer where ten thousands of connections are in TIME_WAIT.
 *
 * @throws {SystemError} such as ENOENT if the kernel has no inet_diag.
 */
export function tcpListeners(port: number): number[] {
  const action = "ask for the sockets that listen";
  const socket = diagnosticsSocket(action);
  try {
    return [AF_INET, AF_INET6].flatMap((family) =>
      inetSockets(socket, { family, states: TcpStates.listen, id: idOf(port, "local") }, action)
    ).map(({ inode }) => inode);
  } finally {
    close(socket);
  }
}

/** The TCP sockets of this thread's network namespace that listen, and their ports. @throws {SystemError} as above. */
export function allTcpListeners(): { port: number; inode: number }[] {
  const action = "ask for the sockets that listen";
  const socket = diagnosticsSocket(action);
  try {
    return [AF_INET, AF_INET6].flatMap((family) =>
      inetSockets(socket, { family, states: TcpStates.listen, id: idOf(0, "local") }, action)
    ).map(({ id, inode }) => ({ port: new DataView(id.buffer).getUint16(0), inode }));
  } finally {
    close(socket);
  }
}

/** The inodes of the connections that a server at that port has; 0: not accepted yet, or closed by the server. */
export function tcpConnections(port: number): number[] {
  const action = "ask for the connections of a port";
  const states = TcpStates.established | TcpStates.closeWait;
  const socket = diagnosticsSocket(action);
  try {
    return [AF_INET, AF_INET6].flatMap((family) =>
      inetSockets(socket, { family, states, id: idOf(port, "local") }, action)
    ).map(({ inode }) => inode);
  } finally {
    close(socket);
  }
}

/** Finds the other ends of connections of this machine. Disposing closes its socket. */
export class PeerInodes implements Disposable {
  readonly #socket = diagnosticsSocket(FIND);

  /**
   * The inode of the server's end of a connection whose client has this socket; undefined: it is not accepted yet.
   *
   * @throws {SystemError} such as ENOENT if the server is on another machine.
   */
  of(client: number): number | undefined {
    const request = inetRequest(SOCK_DIAG_BY_FAMILY, 0, peerIdOf(client));
    sendRequest(this.#socket, request, FIND);
    read(this.#socket, reply);
    if (message.getUint16(4, true) === NLMSG_ERROR) {
      throw new SystemError("sock_diag", FIND, -message.getInt32(HEADER_BYTES, true));
    }
    return message.getUint32(INODE_AT, true) || undefined;
  }

  [Symbol.dispose](): void {
    close(this.#socket);
  }
}

const FIND = "find the other end of a connection";

/** The other end of a connection, by the addresses of this one, exchanged (struct inet_diag_sockid). */
function peerIdOf(socket: number): Asked {
  const { own, other } = endsOf(socket);
  const id = new Uint8Array(ID_BYTES);
  const [at, length] = other.family === AF_INET ? [4, 4] : [8, 16];
  id.set(other.bytes.subarray(2, 4), 0);
  id.set(own.bytes.subarray(2, 4), 2);
  id.set(other.bytes.subarray(at, at + length), 4);
  id.set(own.bytes.subarray(at, at + length), 20);
  id.fill(0xff, 40); // INET_DIAG_NOCOOKIE: any
  return { family: other.family, states: 0, id };
}
