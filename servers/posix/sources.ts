/**
 * Source addresses: from where a client connects. Each has all local ports for itself, and the loopback network
 * 127.0.0.0/8 has 16 million of them.
 *
 * @module
 */
import type { SocketAddress } from "./addresses.ts";
import { AF_INET } from "./constants.ts";
import { pinned } from "./io.ts";
import { libc } from "./libc.ts";
import { bind } from "./sockets.ts";

const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;
const ON = pinned(new Uint8Array(new Int32Array([1]).buffer));

/** `count` addresses of 127.0.0.0/8, from 127.0.0.0 + `first` on. */
export function loopbackSources(first: number, count: number): SocketAddress[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = new Uint8Array(16); // struct sockaddr_in: family, port, address
    new DataView(bytes.buffer).setUint32(4, 0x7f000000 + first + i);
    bytes[0] = AF_INET;
    return { family: AF_INET, ...pinned(bytes) };
  });
}

/**
 * Binds a socket to the address it will connect from; `connect` then chooses the port, which other connections
 * may use to other destinations (ip(7), IP_BIND_ADDRESS_NO_PORT, which a Unix socket has not).
 *
 * @throws {SystemError} such as EADDRNOTAVAIL.
 */
export function bindSource(fd: number, address: SocketAddress): void {
  libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, ON.pointer, ON.bytes.length);
  bind(fd, address, "bind to a source address");
}
