/**
 * The TCP sockets of this thread's network namespace: /proc/net/tcp and tcp6 (proc_pid_net(5)).
 *
 * @module
 */
import type { SocketAddress } from "./addresses.ts";
import { AF_INET } from "./constants.ts";
import { readTable } from "./files.ts";
import { tcpListeners } from "./inet_diagnostics.ts";

/** States of a TCP socket, as two hexadecimal digits (tcp_states.h). */
export const TcpState = { closeWait: "08", listen: "0A" } as const;

/** A TCP socket. */
export interface TcpSocket {
  /** One of `TcpState`, or another. */
  readonly state: string;
  /** Bytes received and not read; for a listener, the connections in its backlog. */
  readonly receiveQueue: number;
  readonly inode: number;
}

/** The TCP sockets with that local port. */
export function tcpSocketsOn(port: number): TcpSocket[] {
  const end = `:${hex(port, 4)}`;
  return table().filter(([, local]) => local?.endsWith(end))
    .map(([, , , state, queues, , , , , inode]) => ({
      state: state!,
      receiveQueue: parseInt(queues!.split(":")[1]!, 16),
      inode: Number(inode),
    }));
}

/** The inodes of the TCP sockets that listen at a port. */
export function listenersOn(port: number): number[] {
  try {
    return tcpListeners(port);
  } catch {
    return tcpSocketsOn(port).filter(({ state }) => state === TcpState.listen)
      .map(({ inode }) => inode);
  }
}

/** The number of TCP sockets of this machine with that remote address and port, also those in TIME_WAIT. */
export function tcpSocketsTo(address: SocketAddress): number {
  const view = new DataView(address.bytes.buffer);
  const words = address.family === AF_INET ? [4] : [8, 12, 16, 20];
  // Each word as a number of this machine, which has the lowest byte first.
  const host = words.map((at) => hex(view.getUint32(at, true), 8)).join("");
  const text = `${host}:${hex(view.getUint16(2), 4)}`;
  return table().filter(([, , remote]) => remote === text).length;
}

/** The rows of both families; there may be no IPv6. */
function table(): string[][] {
  return ["tcp", "tcp6"].flatMap((name) => {
    try {
      return readTable(`/proc/thread-self/net/${name}`);
    } catch {
      return [];
    }
  });
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
