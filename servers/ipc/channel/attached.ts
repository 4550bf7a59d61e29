/**
 * How a channel with COID_DISCONNECT learns of its own process's connections, whichever thread makes them.
 *
 * A connection's socket has an address that says which process's it is and under which number, so the
 * kernel's list of Unix sockets is a list of connections, too. A thread that attaches sends one byte to
 * an address of its process, where such a channel listens, if there is one; then that looks again.
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

const note = new Message(1, 0);

/**
 * A socket that hears of every connection this process makes.
 *
 * @throws {SystemError} EBUSY where there is one already.
 */
export function bindAttachSocket(): number {
  const address = attachedAddress();
  const socket = createSocket(address, SocketType.datagrams);
  try {
    bind(socket, address, "hear of connections");
    return socket;
  } catch (error) {
    close(socket);
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new SystemError("channelCreate", "watch the connections of this process", Errno.EBUSY);
  }
}

/** Tells that channel, if there is one, that this process has a new connection. */
export function notifyAttached(): void {
  const address = attachedAddress();
  const socket = createSocket(address, SocketType.datagrams);
  note.length = 1;
  // Where it is full, the channel has yet to look in any case.
  if (tryConnect(socket, address) === 0) note.send(socket, false);
  close(socket);
}

/** Takes what was told. */
export function drainAttachNotifications(socket: number): void {
  while (note.receive(socket, false) === "message");
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

/** Whether a connection is under that number here, and not only in a process forked from this one. */
function isOpen(own: string, coid: number): boolean {
  if (Number.isNaN(coid)) return false;
  try {
    return boundAddress(coid & ~SIDE_CHANNEL).host.startsWith(`${own}${coid}/`);
  } catch {
    return false;
  }
}
