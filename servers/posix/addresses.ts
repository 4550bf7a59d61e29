/**
 * Socket addresses: struct sockaddr_in, sockaddr_in6 and sockaddr_un.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";
import { checked } from "./errors.ts";
import { pinned, type PinnedBytes, pinnedBytes } from "./io.ts";
import { cString, fromCString, libc } from "./libc.ts";

const SOCK_STREAM = 1;
const AI_PASSIVE = 1;

/** A socket address in the kernel's format. */
export interface SocketAddress extends PinnedBytes {
  readonly family: number;
}

/** The local address of a socket. */
export interface BoundAddress {
  /** IP address, or the path of a Unix socket. */
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
}

/** A host that cannot be resolved, or a path that cannot be a socket's address. */
export class AddressError extends UsageError {
  override name = "AddressError";
}

/** The first of `internetAddresses`. @throws {AddressError} if the host is unknown. */
export function internetAddress(host: string, port: number): SocketAddress {
  return internetAddresses(host, port)[0];
}

/**
 * Resolves a host name, IPv4 or IPv6 address, and port (getaddrinfo(3)): all addresses, those first that the
 * system prefers.
 *
 * @throws {AddressError} if the host is unknown.
 */
export function internetAddresses(
  host: string,
  port: number,
): [SocketAddress, ...SocketAddress[]] {
  const hints = new Uint8Array(48);
  const view = new DataView(hints.buffer);
  view.setInt32(0, AI_PASSIVE, true);
  view.setInt32(8, SOCK_STREAM, true);
  const found = new BigUint64Array(1);
  // As in a URL, and as Herd prints it: [::1].
  const name = host.replace(/^\[(.*)\]$/, "$1");
  const code = libc.getaddrinfo(cString(name), cString(String(port)), hints, found);
  if (code !== 0) {
    throw new AddressError(
      `Cannot find the host "${host}": ${
        fromCString(libc.gai_strerror(code))
      }; write a name or an address`,
      { option: "host" },
    );
  }
  const list = Deno.UnsafePointer.create(found[0]!)!;
  // SAFETY: struct addrinfo on 64-bit Linux has addrlen at 16, addr at 24 and next at 40. The list is
  // valid until freeaddrinfo; the bytes are copied before that.
  const addresses: SocketAddress[] = [];
  for (let entry: Deno.PointerValue = list; entry !== null;) {
    const info: Deno.UnsafePointerView = new Deno.UnsafePointerView(entry);
    const bytes = new Uint8Array(info.getUint32(16));
    new Deno.UnsafePointerView(info.getPointer(24)!).copyInto(bytes);
    addresses.push({ family: familyOf(bytes), ...pinned(bytes) });
    entry = info.getPointer(40);
  }
  libc.freeaddrinfo(list);
  return addresses as [SocketAddress, ...SocketAddress[]];
}

/** Whether it is an IPv4 address of the loopback interface, 127.0.0.0/8, all of which are this machine. */
export function isIPv4Loopback({ family, bytes }: SocketAddress): boolean {
  return family === AF_INET && bytes[4] === 127;
}

/** Whether only this machine can reach it: 127.0.0.0/8 or ::1. */
export function isLoopback(address: SocketAddress): boolean {
  return isIPv4Loopback(address) ||
    address.family === AF_INET6 && address.bytes[23] === 1 &&
      address.bytes.subarray(8, 23).every((byte) => byte === 0);
}

function familyOf(bytes: Uint8Array): number {
  return bytes[0]! | (bytes[1]! << 8);
}

/**
 * The address of a Unix socket (unix(7)): a path, or an abstract name if it starts with NUL.
 *
 * @throws {AddressError} if it is empty or longer than 107 bytes.
 */
export function unixAddress(path: string): SocketAddress {
  const name = new TextEncoder().encode(path);
  if (name.length === 0 || name.length > 107) {
    throw new AddressError(
      `Cannot use the socket path "${path}": it has ${name.length} bytes, and 1 to 107 are allowed`,
    );
  }
  const terminator = name[0] === 0 ? 0 : 1;
  const bytes = new Uint8Array(2 + name.length + terminator);
  bytes[0] = AF_UNIX;
  bytes.set(name, 2);
  return { family: AF_UNIX, ...pinned(bytes) };
}

/** Where the kernel chooses an abstract name that no other socket has ("autobind" in unix(7)). */
export const AUTOBIND: SocketAddress = {
  family: AF_UNIX,
  ...pinned(new Uint8Array(new Uint16Array([AF_UNIX]).buffer)),
};

/** The addresses of both ends of a connection, in the kernel's format. @throws {SystemError} such as ENOTCONN. */
export function endsOf(connection: number): { own: SocketAddress; other: SocketAddress } {
  const action = `get the addresses of connection ${connection}`;
  const [own, other] = [pinnedBytes(28), pinnedBytes(28)]; // struct sockaddr_in6
  const length = () => new Uint8Array(new Uint32Array([own.bytes.length]).buffer);
  checked(libc.getsockname(connection, own.bytes, length()), "getsockname", action);
  checked(libc.getpeername(connection, other.bytes, length()), "getpeername", action);
  return {
    own: { family: familyOf(own.bytes), ...own },
    other: { family: familyOf(other.bytes), ...other },
  };
}

/** The local address of a socket (getsockname(2)). @throws {SystemError} such as ENOTSOCK. */
export function boundAddress(fd: number): BoundAddress {
  const bytes = new Uint8Array(128);
  const length = new Uint8Array(new Uint32Array([bytes.length]).buffer);
  checked(libc.getsockname(fd, bytes, length), "getsockname", `get the address of socket ${fd}`);
  const family = familyOf(bytes);
  const port = (bytes[2]! << 8) | bytes[3]!;
  if (family === AF_INET) return { host: bytes.subarray(4, 8).join("."), port };
  if (family === AF_INET6) {
    const view = new DataView(bytes.buffer);
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + 2 * i).toString(16));
    // A link-local address is one of an interface, whose number getaddrinfo takes too.
    const scope = view.getUint32(24, true);
    const host = new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
    return { host: scope === 0 ? host : `${host}%${scope}`, port };
  }
  const used = new DataView(length.buffer).getUint32(0, true);
  const path = new TextDecoder().decode(bytes.subarray(2, used)).replace(/\0$/, "");
  return { host: path, port: 0 };
}
