/**
 * How a channel with COID_DISCONNECT finds its own process's connections, whichever thread attaches them.
 *
 * The local address of a connection contains process and connection number, so /proc/net/unix lists all
 * connections. A thread that attaches sends a notification of one byte to an address of its process. A
 * channel with COID_DISCONNECT is bound there and reads the list again.
 *
 * @module
 */
import { boundAddress } from "../../posix/addresses.ts";
import { Errno, hasErrno, SystemError } from "../../posix/errors.ts";
import { readText } from "../../posix/files.ts";
import { close } from "../../posix/io.ts";
import { Message } from "../../posix/messages.ts";
import { getpid } from "../../posix/processes.ts";
import { bind, createSocket, SocketType, tryConnect } from "../../posix/sockets.ts";
import { attachedAddress, connectionsOf } from "./addresses.ts";
import { SIDE_CHANNEL } from "./flags.ts";

const notification = new Message(1, 0);

/**
 * Binds the socket for notifications of this process's new connections.
 *
 * @throws {SystemError} EBUSY if it is bound already.
 */
export function bindAttachSocket(): number {
  const address = attachedAddress();
  const socket = createSocket(address, SocketType.datagrams);
  try {
    bind(socket, address, "watch connections");
    return socket;
  } catch (error) {
    close(socket);
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new SystemError("channelCreate", "watch the connections of this process", Errno.EBUSY);
  }
}

/** Notifies the channel, if there is one, of a new connection. */
export function notifyAttached(): void {
  const address = attachedAddress();
  const socket = createSocket(address, SocketType.datagrams);
  notification.length = 1;
  // If the buffer is full, the channel still has to read the list anyway.
  if (tryConnect(socket, address) === 0) notification.send(socket, false);
  close(socket);
}

/** Reads all pending notifications. */
export function drainAttachNotifications(socket: number): void {
  while (notification.receive(socket, false) === "message");
}

/** The numbers of the connections of this process. */
export function attachedConnections(): number[] {
  const own = connectionsOf(getpid());
  const listed = own.replace("\0", "@");
  return readText("/proc/net/unix").split("\n").flatMap((line) => {
    const at = line.indexOf(listed);
    const coid = at === -1 ? NaN : parseInt(line.slice(at + listed.length));
    return isOpen(own, coid) ? coid : [];
  });
}

/** Whether a connection is open in this process, and not only in a process forked from it. */
function isOpen(own: string, coid: number): boolean {
  if (Number.isNaN(coid)) return false;
  try {
    return boundAddress(coid & ~SIDE_CHANNEL).host.startsWith(`${own}${coid}/`);
  } catch {
    return false;
  }
}
