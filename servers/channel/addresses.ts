/**
 * Where channels, names and connections are found: abstract Unix addresses (unix(7)). They are the
 * kernel's, so that nothing stays behind of whoever dies in whatever way, and one in use cannot be taken.
 *
 * Each user has a room of their own there, in each network namespace. An address says nothing about
 * rights: who is at the other end of a connection, the kernel says (`isOurs`).
 *
 * @module
 */
import { monotonicNanoseconds } from "../posix/clocks.ts";
import { Errno, SystemError } from "../posix/errors.ts";
import { peerCredentials } from "../posix/messages.ts";
import { getuid } from "../posix/processes.ts";
import { type SocketAddress, unixAddress } from "../posix/sockets.ts";

const ROOT_UID = 0;

let room: string | undefined;

/** That name in this user's room. */
function roomOf(name: string): string {
  return (room ??= `\0herd/${getuid()}`) + name;
}

function addressOf(name: string): SocketAddress {
  return unixAddress(roomOf(name));
}

/** The address of a channel. */
export function channelAddress(pid: number, chid: number): SocketAddress {
  return addressOf(`/channel/${pid}/${chid}`);
}

/** An address that nobody can guess. */
export function privateAddress(): SocketAddress {
  return addressOf(`/private/${crypto.randomUUID()}`);
}

/**
 * The address that a connection has on its own side. No two are the same: a forked process may still
 * have the one that was under that number before.
 */
export function connectionAddress(pid: number, coid: number): SocketAddress {
  return addressOf(`/connection/${pid}/${coid}/${monotonicNanoseconds()}`);
}

/** What the addresses of a process's connections begin with. */
export function connectionsOf(pid: number): string {
  return roomOf(`/connection/${pid}/`);
}

/** Where a process is told that it has a new connection. */
export function attachedAddress(pid: number): SocketAddress {
  return addressOf(`/attached/${pid}`);
}

/** The address of a path in the space of paths that resource managers serve. */
export function pathAddress(path: string, call: string): SocketAddress {
  const parts = path.split("/").filter((part) => part !== "");
  const isPlain = parts.length > 0 && !parts.some((part) => part === "." || part === "..");
  if (!path.startsWith("/") || !isPlain || path.includes("\0")) {
    throw new SystemError(call, `use "${path}" as an absolute path`, Errno.EINVAL);
  }
  try {
    return addressOf(`/${parts.join("/")}`);
  } catch {
    throw new SystemError(call, `use "${path}" as an address`, Errno.ENAMETOOLONG);
  }
}

/** Whether a connection leads to a process of this user's, or of root's. */
export function isOurs(connection: number): boolean {
  const { uid } = peerCredentials(connection);
  return uid === getuid() || uid === ROOT_UID;
}
