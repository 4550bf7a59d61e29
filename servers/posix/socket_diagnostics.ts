/**
 * Socket diagnostics by netlink (sock_diag(7), netlink(7)).
 *
 * @module
 */
import { AF_UNIX } from "./constants.ts";
import { Errno, SystemError } from "./errors.ts";
import { close, read } from "./io.ts";
import {
  diagnosticsSocket,
  HEADER_BYTES,
  NLMSG_ERROR,
  requestOf,
  sendRequest,
  SOCK_DIAG_BY_FAMILY,
} from "./netlink.ts";

const ALL_STATES = 0xffffffff;
const UDIAG_SHOW_PEER = 4;
const UNIX_DIAG_PEER = 2;
const NO_COOKIE = 0xffffffff; // matches any socket

const REQUEST_BYTES = 24; // struct unix_diag_req
const ATTRIBUTES_AT = HEADER_BYTES + 16; // after struct unix_diag_msg

const ACTION = "ask for the peer of a Unix socket";

/**
 * The peers of Unix sockets of this thread's network namespace. Each socket is queried by itself, because a
 * list of all sockets takes several reads and may miss some if others are opened or closed meanwhile.
 *
 * @param inodes of the sockets, as in /proc/PID/fd.
 * @returns the inode of the peer of each socket that has one: sockets that are connected and accepted.
 * @throws {SystemError} such as EPROTONOSUPPORT if the kernel has no sock_diag.
 */
export function unixPeers(inodes: Iterable<number>): ReadonlyMap<number, number> {
  const socket = diagnosticsSocket(ACTION);
  try {
    const peers = new Map<number, number>();
    for (const inode of inodes) {
      const peer = peerOf(socket, inode);
      if (peer !== undefined) peers.set(inode, peer);
    }
    return peers;
  } finally {
    close(socket);
  }
}

function peerOf(socket: number, inode: number): number | undefined {
  sendRequest(socket, request(inode), ACTION);
  const bytes = new Uint8Array(1024);
  const reply = new DataView(bytes.buffer, 0, read(socket, bytes));
  if (reply.getUint16(4, true) !== NLMSG_ERROR) return peerIn(reply);
  const error = -reply.getInt32(HEADER_BYTES, true);
  if (error === Errno.ENOENT) return undefined; // there is no such socket any more
  throw new SystemError("sock_diag", ACTION, error);
}

function request(inode: number): Uint8Array<ArrayBuffer> {
  const bytes = requestOf(SOCK_DIAG_BY_FAMILY, 0, REQUEST_BYTES);
  bytes[HEADER_BYTES] = AF_UNIX;
  const request = new DataView(bytes.buffer, HEADER_BYTES);
  request.setUint32(4, ALL_STATES, true);
  request.setUint32(8, inode, true);
  request.setUint32(12, UDIAG_SHOW_PEER, true);
  request.setUint32(16, NO_COOKIE, true);
  request.setUint32(20, NO_COOKIE, true);
  return bytes;
}

/** The attribute UNIX_DIAG_PEER. It is 0 for a connection that is not accepted yet. */
function peerIn(reply: DataView): number | undefined {
  const end = reply.getUint32(0, true);
  for (let at = ATTRIBUTES_AT; at < end;) {
    const [length, type] = [reply.getUint16(at, true), reply.getUint16(at + 2, true)];
    if (type === UNIX_DIAG_PEER) return reply.getUint32(at + 4, true) || undefined;
    at += Math.ceil(length / 4) * 4; // NLA_ALIGN
  }
}
