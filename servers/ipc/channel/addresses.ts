/**
 * Where channels, names and connections are found: abstract Unix addresses (unix(7)). They are the
 * kernel's, so that nothing stays behind of whoever dies in whatever way, and one in use cannot be taken.
 *
 * Each user has a room of their own there, in each network namespace. An address says nothing about
 * rights: who is at the other end of a connection, the kernel says (`isOurs`).
 *
 * @module
 */
import { type SocketAddress, unixAddress } from "../../posix/addresses.ts";
import { monotonicNanoseconds } from "../../posix/clocks.ts";
import { Errno, SystemError } from "../../posix/errors.ts";
import type { Credentials } from "../../posix/messages.ts";
import { getpid, getuid } from "../../posix/processes.ts";

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

/** An address that no other process knows; one that finds it is refused all the same. */
export function privateAddress(pid: number, chid: number): SocketAddress {
  return addressOf(`/private/${pid}/${chid}/${monotonicNanoseconds()}`);
}

/** What the addresses of a process's connections begin with. */
export function connectionsOf(pid: number): string {
  return roomOf(`/connection/${pid}/`);
}

/** Room for two numbers, of a connection and of nanoseconds. */
const NUMBERS_BYTES = 48;

/** What does not change from one connection of a process to the next; it is made for each of them. */
let own: {
  readonly pid: number;
  readonly attached: SocketAddress;
  readonly connection: SocketAddress;
  readonly prefixBytes: number;
} | undefined;

function ownAddresses() {
  const pid = getpid();
  if (own?.pid === pid) return own;
  const { family, bytes } = unixAddress(connectionsOf(pid));
  const prefixBytes = bytes.length;
  const room = new Uint8Array(prefixBytes + NUMBERS_BYTES);
  room.set(bytes);
  const attached = addressOf(`/attached/${pid}`);
  return own = { pid, attached, connection: { family, bytes: room }, prefixBytes };
}

const encoder = new TextEncoder();

/**
 * The address that a connection of this process has on its own side, until the next one is asked for. No
 * two are the same: a forked process may still have the one that was under that number before.
 */
export function connectionAddress(coid: number): SocketAddress {
  const { connection: { family, bytes }, prefixBytes } = ownAddresses();
  const name = `${coid}/${monotonicNanoseconds()}`;
  const { written } = encoder.encodeInto(name, bytes.subarray(prefixBytes));
  return { family, bytes: bytes.subarray(0, prefixBytes + written) };
}

/** Where this process is told that it has a new connection. */
export function attachedAddress(): SocketAddress {
  return ownAddresses().attached;
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

let ownUid: number | undefined;

/** Whether a process at the other end of a connection is this user's, or root's. */
export function isOurs({ uid }: Credentials): boolean {
  return uid === (ownUid ??= getuid()) || uid === ROOT_UID;
}
