/**
 * Netlink messages of socket diagnostics (netlink(7), sock_diag(7)).
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked } from "./errors.ts";
import { libc } from "./libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_SOCK_DIAG = 4;

/** Type of a request for sockets. */
export const SOCK_DIAG_BY_FAMILY = 20;
/** Types of replies: an error number, 0 as an acknowledgement; the end of a list. */
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
const NLM_F_REQUEST = 1;

/** Size of `struct nlmsghdr`: length, type, flags, sequence, port. */
export const HEADER_BYTES = 16;

/** A socket for requests to sock_diag. @throws {SystemError} such as EPROTONOSUPPORT if the kernel has none. */
export function diagnosticsSocket(action: string): number {
  const type = SOCK_RAW | O_CLOEXEC;
  return checked(libc.socket(AF_NETLINK, type, NETLINK_SOCK_DIAG), "socket", action);
}

/** A request with room for so many bytes after its header. */
export function requestOf(type: number, flags: number, bytes: number): Uint8Array<ArrayBuffer> {
  const request = new Uint8Array(HEADER_BYTES + bytes);
  const header = new DataView(request.buffer, 0, HEADER_BYTES);
  header.setUint32(0, request.length, true);
  header.setUint16(4, type, true);
  header.setUint16(6, NLM_F_REQUEST | flags, true);
  return request;
}

/** Sends a request. @throws {SystemError} if that fails. */
export function sendRequest(
  socket: number,
  request: Uint8Array<ArrayBuffer>,
  action: string,
): void {
  checked(libc.send(socket, request, request.length, 0), "send", action);
}
