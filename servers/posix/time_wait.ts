/**
 * Ends connections in TIME_WAIT before their time, by socket diagnostics (sock_diag(7)), as `ss --kill` does.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "./constants.ts";
import { idOf, inetRequest, inetSockets, TcpStates } from "./inet_diagnostics.ts";
import { close, read } from "./io.ts";
import { diagnosticsSocket, HEADER_BYTES, sendRequest } from "./netlink.ts";

const SOCK_DESTROY = 21;
const NLM_F_ACK = 4;

const ACTION = "end connections in TIME_WAIT";

/**
 * Ends all connections in TIME_WAIT with a port of this thread's network namespace: those of its clients, and those
 * of the server where it closed first.
 *
 * @returns their number; 0 where the kernel refuses: that takes CAP_NET_ADMIN and CONFIG_INET_DIAG_DESTROY.
 * @throws {SystemError} such as EPROTONOSUPPORT if the kernel has no sock_diag.
 */
export function endTimeWaits(port: number): number {
  const socket = diagnosticsSocket(ACTION);
  const states = TcpStates.timeWait;
  try {
    let ended = 0;
    for (const family of [AF_INET, AF_INET6]) {
      for (const any of [idOf(port, "remote"), idOf(port, "local")]) {
        for (const { id } of inetSockets(socket, { family, states, id: any }, ACTION)) {
          sendRequest(socket, inetRequest(SOCK_DESTROY, NLM_F_ACK, { family, states, id }), ACTION);
          read(socket, reply);
          if (message.getInt32(HEADER_BYTES, true) === 0) ended++;
          // Refused; later ones may only have ended by themselves.
          else if (ended === 0) break;
        }
      }
    }
    return ended;
  } finally {
    close(socket);
  }
}

const reply = new Uint8Array(1024);
const message = new DataView(reply.buffer);
