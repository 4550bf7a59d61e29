/**
 * Addresses of channels, names and connections: abstract Unix addresses (unix(7)). The kernel removes them when
 * a process dies in whatever way, and an address in use cannot be bound again.
 *
 * They have a prefix per user, within each network namespace. The prefix gives no rights: peers are checked
 * by their credentials (`isTrusted`).
 *
 * @module
 */
import { type SocketAddress, unixAddress } from "../../posix/addresses.ts";
import { monotonicNanoseconds } from "../../posix/clocks.ts";
import { Errno, SystemError } from "../../posix/errors.ts";
import { pinned } from "../../posix/io.ts";
import type { Credentials } from "../../posix/messages.ts";
import { getpid, getuid } from "../../posix/processes.ts";

const ROOT_UID = 0;

let prefix: string | undefined;

/** A name with this user's prefix. */
function prefixed(name: string): string {
  return (prefix ??= `\0herd/${getuid()}`) + name;
}

function addressOf(name: string): SocketAddress {
  return unixAddress(prefixed(name));
}

/** The address of a channel. */
export function channelAddress(pid: number, chid: number): SocketAddress {
  return addressOf(`/channel/${pid}/${chid}`);
}

/** The address of a private channel, unknown to other processes; their connections are refused as well. */
export function privateAddress(pid: number, chid: number): SocketAddress {
  return addressOf(`/private/${pid}/${chid}/${monotonicNanoseconds()}`);
}

/** The prefix of the addresses of a process's connections. */
export function connectionsOf(pid: number): string {
  return prefixed(`/connection/${pid}/`);
}

/** Space for two numbers: of the connection and of nanoseconds. */
const NUMBERS_BYTES = 48;

/** The parts of this process's addresses that stay the same. */
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
  const buffer = new Uint8Array(prefixBytes + NUMBERS_BYTES);
  buffer.set(bytes);
  const attached = addressOf(`/attached/${pid}`);
  return own = { pid, attached, connection: { family, ...pinned(buffer) }, prefixBytes };
}

const encoder = new TextEncoder();

/**
 * The local address of a connection, valid until the next call. Each is unique, because a forked process may
 * still have a previous connection with the same number.
 */
export function connectionAddress(coid: number): SocketAddress {
  const { connection: { family, bytes, pointer }, prefixBytes } = ownAddresses();
  const name = `${coid}/${monotonicNanoseconds()}`;
  const { written } = encoder.encodeInto(name, bytes.subarray(prefixBytes));
  return { family, pointer, bytes: bytes.subarray(0, prefixBytes + written) };
}

/** The address for notifications of this process's new connections. */
export function attachedAddress(): SocketAddress {
  return ownAddresses().attached;
}

/** The address of a resource manager's path. @throws {SystemError} EINVAL, ENAMETOOLONG. */
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

/** Whether a peer's process belongs to this user or to root. */
export function isTrusted({ uid }: Credentials): boolean {
  return uid === (ownUid ??= getuid()) || uid === ROOT_UID;
}
