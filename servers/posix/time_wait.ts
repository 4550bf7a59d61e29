/**
 * Ends connections in TIME_WAIT before their time, by socket diagnostics (sock_diag(7)), as `ss --kill` does.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "./constants.ts";
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

const SOCK_DESTROY = 21;
const NLM_F_ACK = 4;
const NLM_F_DUMP = 0x300;
const IPPROTO_TCP = 6;
const TIME_WAIT = 1 << 6; // TCP_TIME_WAIT of tcp_states.h

const ID_BYTES = 48; // struct inet_diag_sockid: ports, addresses, interface, cookie
const REQUEST_BYTES = 8 + ID_BYTES; // struct inet_diag_req_v2: family, protocol, states, id
const ID_AT = HEADER_BYTES + 4; // after family, state, timer and retransmissions of struct inet_diag_msg

const ACTION = "end connections in TIME_WAIT";

/**
 * Ends all connections in TIME_WAIT to a port of this thread's network namespace.
 *
 * @returns their number; 0 where the kernel refuses: that takes CAP_NET_ADMIN and CONFIG_INET_DIAG_DESTROY.
 * @throws {SystemError} such as EPROTONOSUPPORT if the kernel has no sock_diag.
 */
export function endTimeWaits(port: number): number {
  const socket = diagnosticsSocket(ACTION);
  try {
    let ended = 0;
    for (const family of [AF_INET, AF_INET6]) {
      for (const id of timeWaitsTo(socket, family, port)) {
        sendRequest(socket, requestFor(SOCK_DESTROY, NLM_F_ACK, family, id), ACTION);
        read(socket, reply);
        if (message.getInt32(HEADER_BYTES, true) === 0) ended++;
        // Refused; later ones may only have ended by themselves.
        else if (ended === 0) break;
      }
    }
    return ended;
  } finally {
    close(socket);
  }
}

const reply = new Uint8Array(32_768);
const message = new DataView(reply.buffer);

/** The ids (`struct inet_diag_sockid`) of the connections in TIME_WAIT to that port. */
function timeWaitsTo(socket: number, family: number, port: number): Uint8Array[] {
  const any = new Uint8Array(ID_BYTES);
  new DataView(any.buffer).setUint16(2, port);
  sendRequest(socket, requestFor(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family, any), ACTION);
  const ids: Uint8Array[] = [];
  for (;;) {
    const length = read(socket, reply);
    for (let at = 0; at < length; at += message.getUint32(at, true)) {
      const type = message.getUint16(at + 4, true);
      if (type === NLMSG_DONE || type === NLMSG_ERROR) return ids;
      ids.push(reply.slice(at + ID_AT, at + ID_AT + ID_BYTES));
    }
  }
}

function requestFor(
  type: number,
  flags: number,
  family: number,
  id: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const request = requestOf(type, flags, REQUEST_BYTES);
  request[HEADER_BYTES] = family;
  request[HEADER_BYTES + 1] = IPPROTO_TCP;
  new DataView(request.buffer).setUint32(HEADER_BYTES + 4, TIME_WAIT, true);
  request.set(id, HEADER_BYTES + 8);
  return request;
}
