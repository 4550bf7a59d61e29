/**
 * Sockets and descriptors, with the error policy inside: no listing looks at a return code.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { checked, Errno, errno, retryOrThrow } from "./errors.ts";
import { cString, fromCString, libc } from "./libc.ts";
import type { PinnedBytes } from "./memory.ts";

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const SHUT_WR = 1;
const SHUT_RDWR = 2;
const AI_PASSIVE = 1;

/** As many waiting connections as the kernel allows (net.core.somaxconn caps it). */
const BACKLOG = 4096;

/**
 * What a socket carries: a stream of bytes, messages that keep their bounds (SOCK_SEQPACKET, Unix sockets
 * only; see `messages.ts`), or datagrams, without a connection.
 */
export const SocketType = {
  stream: SOCK_STREAM,
  messages: SOCK_SEQPACKET,
  datagrams: SOCK_DGRAM,
} as const;

/** One of `SocketType`. */
export type SocketType = typeof SocketType[keyof typeof SocketType];

/** A socket address as the kernel wants it (struct sockaddr_in, _in6 or _un). */
export interface SocketAddress {
  readonly family: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where a listener is bound. */
export interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

/** The address could not be found or written down. */
export class AddressError extends UsageError {
  override name = "AddressError";
}

/**
 * The socket address of a host name, IPv4 or IPv6 address, and port (getaddrinfo(3)). A name that has
 * both kinds, such as localhost, gives its IPv4 address, where our servers are.
 *
 * @throws {AddressError} if there is none.
 */
export function internetAddress(host: string, port: number): SocketAddress {
  const hints = new Uint8Array(48);
  const view = new DataView(hints.buffer);
  view.setInt32(0, AI_PASSIVE, true);
  view.setInt32(8, SOCK_STREAM, true);
  const found = new BigUint64Array(1);
  const code = libc.getaddrinfo(cString(host), cString(String(port)), hints, found);
  if (code !== 0) {
    throw new AddressError(
      `Cannot find the host "${host}": ${fromCString(libc.gai_strerror(code))}`,
    );
  }
  const list = Deno.UnsafePointer.create(found[0]!)!;
  // SAFETY: struct addrinfo on 64-bit Linux: addrlen at 16, addr at 24, next at 40; the list lives
  // until freeaddrinfo, and the bytes are copied out before.
  const addresses: SocketAddress[] = [];
  for (let entry: Deno.PointerValue = list; entry !== null;) {
    const info: Deno.UnsafePointerView = new Deno.UnsafePointerView(entry);
    const bytes = new Uint8Array(info.getUint32(16));
    new Deno.UnsafePointerView(info.getPointer(24)!).copyInto(bytes);
    addresses.push({ family: familyOf(bytes), bytes });
    entry = info.getPointer(40);
  }
  libc.freeaddrinfo(list);
  return addresses.find(({ family }) => family === AF_INET) ?? addresses[0]!;
}

function familyOf(bytes: Uint8Array): number {
  return bytes[0]! | (bytes[1]! << 8);
}

/**
 * The socket address of a path in the file system, or of an abstract name (leading NUL).
 *
 * @throws {AddressError} if the path is longer than the 107 bytes of a struct sockaddr_un.
 */
export function unixAddress(path: string): SocketAddress {
  const name = new TextEncoder().encode(path);
  if (name.length === 0 || name.length > 107) {
    throw new AddressError(
      `Cannot use the socket path "${path}": it takes 1 to 107 bytes, this has ${name.length}`,
    );
  }
  const terminator = name[0] === 0 ? 0 : 1;
  const bytes = new Uint8Array(2 + name.length + terminator);
  bytes[0] = AF_UNIX;
  bytes.set(name, 2);
  return { family: AF_UNIX, bytes };
}

/** A listening socket on that address. @throws {SystemError} such as EADDRINUSE. */
export function listen(
  address: SocketAddress,
  action: string,
  type: SocketType = SocketType.stream,
): number {
  const fd = boundSocket(address, action, type);
  try {
    startListening(fd, action);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return fd;
}

/** A socket that has that address and does not listen yet. @throws {SystemError} such as EADDRINUSE. */
export function boundSocket(
  address: SocketAddress,
  action: string,
  type: SocketType = SocketType.stream,
): number {
  const fd = checked(libc.socket(address.family, type | SOCK_CLOEXEC, 0), "socket", action);
  try {
    setOption(fd, SO_REUSEADDR, new Uint8Array(new Int32Array([1]).buffer));
    bind(fd, address, action);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return fd;
}

/**
 * Lets clients connect to a bound socket.
 *
 * @throws {SystemError} EADDRINUSE where another socket with the same address was quicker.
 */
export function startListening(fd: number, action: string): void {
  checked(libc.listen(fd, BACKLOG), "listen", action);
}

/** Sets an option of the socket itself (socket(7)). */
export function setOption(fd: number, name: number, value: Uint8Array<ArrayBuffer>): void {
  const result = libc.setsockopt(fd, SOL_SOCKET, name, value, value.length);
  checked(result, "setsockopt", `set option ${name} of descriptor ${fd}`);
}

/** Host and port a socket is bound to; the path and port 0 of a Unix socket. */
export function boundAddress(fd: number): BoundAddress {
  const bytes = new Uint8Array(128);
  const length = new Uint8Array(new Uint32Array([bytes.length]).buffer);
  checked(libc.getsockname(fd, bytes, length), "getsockname", `ask for the address of ${fd}`);
  const family = familyOf(bytes);
  const port = (bytes[2]! << 8) | bytes[3]!;
  if (family === AF_INET) return { host: bytes.subarray(4, 8).join("."), port };
  if (family === AF_INET6) {
    const view = new DataView(bytes.buffer);
    const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + 2 * i).toString(16));
    return { host: new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1), port };
  }
  const used = new DataView(length.buffer).getUint32(0, true);
  const path = new TextDecoder().decode(bytes.subarray(2, used)).replace(/\0$/, "");
  return { host: path, port: 0 };
}

/** Whether a descriptor is open and a socket. */
export function isSocket(fd: number): boolean {
  const length = new Uint8Array(new Uint32Array([0]).buffer);
  return libc.getsockname(fd, new Uint8Array(0), length) === 0;
}

/** The next connection, waiting for one. Blocking accept wakes one waiter, in the order they came. */
export function accept(listener: number): number {
  for (;;) {
    const connection = libc.accept4(listener, null, null, SOCK_CLOEXEC);
    if (connection >= 0) return connection;
    retryOrThrow("accept", `accept a connection on descriptor ${listener}`);
  }
}

/**
 * The next connection, waiting for one; −1 where there is no descriptor or memory for it now, or where the
 * listener is shut down.
 */
export function tryAccept(listener: number): number {
  for (;;) {
    const connection = libc.accept4(listener, null, null, SOCK_CLOEXEC);
    if (connection >= 0) return connection;
    const number = errno();
    if (number !== Errno.EINTR && number !== Errno.ECONNABORTED) return -1;
  }
}

/** A time limit for each call on a socket, as setsockopt(2) takes it (struct timeval). */
export type SocketTimeout = Uint8Array<ArrayBuffer>;

/** The time limit of that many seconds. */
export function socketTimeout(seconds: number): SocketTimeout {
  const whole = Math.floor(seconds);
  const micros = Math.round((seconds - whole) * 1e6);
  return new Uint8Array(new BigInt64Array([BigInt(whole), BigInt(micros)]).buffer);
}

/** From now on a call on that socket that takes longer fails (EAGAIN); no seconds: never. */
export function setTimeouts(fd: number, limit: SocketTimeout): void {
  setOption(fd, SO_RCVTIMEO, limit);
  setOption(fd, SO_SNDTIMEO, limit);
}

/** Seconds of silence after which TCP asks whether the other side is there, and how often it does. */
const KEEPALIVE = { idle: 10, interval: 5, count: 3 };

/**
 * For a TCP connection that carries messages to and fro: each leaves at once, and the other side's
 * disappearance, without a word, is noticed within half a minute (tcp(7)).
 */
export function setNoDelayAndKeepAlive(fd: number): void {
  const IPPROTO_TCP = 6;
  const [TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, SO_KEEPALIVE] = [1, 4, 5, 6, 9];
  const int = (value: number) => new Uint8Array(new Int32Array([value]).buffer);
  setOption(fd, SO_KEEPALIVE, int(1));
  const options = [
    [TCP_NODELAY, 1],
    [TCP_KEEPIDLE, KEEPALIVE.idle],
    [TCP_KEEPINTVL, KEEPALIVE.interval],
    [TCP_KEEPCNT, KEEPALIVE.count],
  ] as const;
  for (const [name, value] of options) {
    const result = libc.setsockopt(fd, IPPROTO_TCP, name, int(value), 4);
    checked(result, "setsockopt", `set option ${name} of TCP connection ${fd}`);
  }
}

/** A socket, not yet connected; a call on it that takes longer than `limit` fails (EAGAIN). */
export function unconnected(
  address: SocketAddress,
  type: SocketType,
  limit?: SocketTimeout,
): number {
  const fd = checked(
    libc.socket(address.family, type | SOCK_CLOEXEC, 0),
    "socket",
    "make a socket",
  );
  if (limit) setTimeouts(fd, limit);
  return fd;
}

/** A stream socket, not yet connected; a call on it that takes longer than `limit` fails (EAGAIN). */
export function streamSocket(address: SocketAddress, limit?: SocketTimeout): number {
  return unconnected(address, SocketType.stream, limit);
}

/** Gives a socket an address of its own. @throws {SystemError} such as EADDRINUSE. */
export function bind(fd: number, address: SocketAddress, action: string): void {
  checked(libc.bind(fd, address.bytes, address.bytes.length), "bind", action);
}

/** Connects a socket. An interrupted connect goes on by itself, so EINTR is not repeated. */
export function connect(fd: number, address: SocketAddress): void {
  checked(libc.connect(fd, address.bytes, address.bytes.length), "connect", "connect");
}

/** As `connect`, but 0 or the error number is the result. */
export function tryConnect(fd: number, address: SocketAddress): number {
  return libc.connect(fd, address.bytes, address.bytes.length) === 0 ? 0 : errno();
}

/** Reads what there is, up to the buffer's length; 0 at the end. @throws {SystemError} such as ECONNRESET. */
export function read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  for (;;) {
    const count = libc.read(fd, buffer, buffer.length);
    if (count >= 0) return count;
    retryOrThrow("read", `read from descriptor ${fd}`);
  }
}

/** Writes the first `length` bytes of the buffer or fewer; how many is the result. */
export function write(fd: number, buffer: Uint8Array<ArrayBuffer>, length: number): number {
  for (;;) {
    const count = libc.write(fd, buffer, length);
    if (count >= 0) return count;
    retryOrThrow("write", `write to descriptor ${fd}`);
  }
}

/** As `read`, in a fifth of the time and without touching anything else of this process. */
export function readPinned(fd: number, { bytes, pointer }: PinnedBytes): number {
  for (;;) {
    const count = libc.readAt(fd, pointer, bytes.length);
    if (count >= 0) return count;
    retryOrThrow("read", `read from descriptor ${fd}`);
  }
}

/** As `write`, likewise. */
export function writePinned(fd: number, { pointer }: PinnedBytes, length: number): number {
  for (;;) {
    const count = libc.writeAt(fd, pointer, length);
    if (count >= 0) return count;
    retryOrThrow("write", `write to descriptor ${fd}`);
  }
}

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** As `read`, of a socket and without waiting: −1 where nothing has come yet. */
export function tryRead(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  for (;;) {
    const count = libc.recv(fd, buffer, buffer.length, MSG_DONTWAIT);
    if (count >= 0) return count;
    if (errno() === Errno.EAGAIN) return -1;
    retryOrThrow("recv", `read from descriptor ${fd}`);
  }
}

/** As `write`, to a socket and without waiting: 0 where there is no room yet. */
export function tryWrite(fd: number, buffer: Uint8Array<ArrayBuffer>, length: number): number {
  for (;;) {
    const count = libc.send(fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return count;
    if (errno() === Errno.EAGAIN) return 0;
    retryOrThrow("send", `write to descriptor ${fd}`);
  }
}

/** Reads in a thread of Deno's pool; −1 where it failed (errno is lost there), 0 at the end. */
export function readAsync(fd: number, buffer: Uint8Array<ArrayBuffer>): Promise<number> {
  return libc.readAsync(fd, buffer, buffer.length);
}

/** Closes a descriptor. Linux closes it even where it reports EINTR, so there is nothing to repeat. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Another descriptor for the same thing: the lowest free one from `least` on; closed on exec. */
export function duplicate(fd: number, least = 0): number {
  const F_DUPFD_CLOEXEC = 1030;
  const action = `duplicate descriptor ${fd}`;
  return checked(libc.fcntl(fd, F_DUPFD_CLOEXEC, least), "fcntl", action);
}

/** The descriptor under the lowest free number from `least` on; closed on exec. The old one is closed. */
export function renumber(fd: number, least: number): number {
  try {
    return duplicate(fd, least);
  } finally {
    libc.close(fd);
  }
}

/** Lets programs that this process starts inherit a descriptor. */
export function clearCloseOnExec(fd: number): void {
  const F_SETFD = 2;
  checked(libc.fcntl(fd, F_SETFD, 0), "fcntl", `keep descriptor ${fd} on exec`);
}

/** Ends a connection for whoever has a descriptor of it; a listening socket wakes who waits for it. */
export function shutDown(fd: number): void {
  const SHUT_RDWR = 2;
  libc.shutdown(fd, SHUT_RDWR); // fails where the other end is gone, and that is what is wanted
}

/** Says that this end will not write any more. */
export function shutDownWrite(fd: number): void {
  checked(libc.shutdown(fd, SHUT_WR), "shutdown", `shut down descriptor ${fd}`);
}

/** Lets nobody connect to a listener any more; accept on it fails (EINVAL) once all who had are taken. */
export function endConnecting(listener: number): void {
  checked(libc.shutdown(listener, SHUT_RDWR), "shutdown", `end listening on ${listener}`);
}

/** Two connected sockets. */
export function socketPair(type: SocketType = SocketType.stream): [number, number] {
  const pair = new Int32Array(2);
  const bytes = new Uint8Array(pair.buffer);
  const result = libc.socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, bytes);
  checked(result, "socketpair", "make a socket pair");
  return [pair[0]!, pair[1]!];
}

/** A pipe: [read end, write end]. */
export function pipe(): [number, number] {
  const pair = new Int32Array(2);
  checked(libc.pipe2(new Uint8Array(pair.buffer), SOCK_CLOEXEC), "pipe2", "make a pipe");
  return [pair[0]!, pair[1]!];
}
