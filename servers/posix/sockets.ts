/**
 * Sockets, with the error policy of `errors.ts`: listings need not check return codes.
 *
 * @module
 */
import type { SocketAddress } from "./addresses.ts";
import {
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  O_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./constants.ts";
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { pinned, type PinnedBytes } from "./io.ts";
import { libc as imported } from "./libc.ts";

/** As in `io.ts`. */
const libc = imported;

const SOCK_STREAM = 1;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SO_REUSEADDR = 2;
const SO_TYPE = 3;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const SHUT_WR = 1;
const SHUT_RDWR = 2;

/** Length of a listener's queue. The kernel caps it at net.core.somaxconn. */
const BACKLOG = 4096;

/**
 * Socket types: a byte stream, messages with boundaries (SOCK_SEQPACKET, Unix sockets only; see
 * `messages.ts`), or datagrams.
 */
export const SocketType = {
  stream: SOCK_STREAM,
  messages: SOCK_SEQPACKET,
  datagrams: SOCK_DGRAM,
} as const;

/** One of `SocketType`. */
export type SocketType = typeof SocketType[keyof typeof SocketType];

/** Creates a listening socket. `action` names the operation in errors. @throws {SystemError} such as EADDRINUSE. */
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

/** Read and write for the owner. */
const OWNER_ONLY = 0o600;

/**
 * Creates a socket bound to an address; it does not listen yet. The file of a path belongs to this user alone: who may
 * write to it may connect (unix(7)).
 *
 * @throws {SystemError} such as EADDRINUSE.
 */
export function boundSocket(
  address: SocketAddress,
  action: string,
  type: SocketType = SocketType.stream,
): number {
  const fd = checked(libc.socket(address.family, type | O_CLOEXEC, 0), "socket", action);
  try {
    // bind(2) gives the file the mode of its socket: it is never open to others, not even for a moment.
    if (address.family === AF_UNIX) checked(libc.fchmod(fd, OWNER_ONLY), "fchmod", action);
    setOption(fd, SO_REUSEADDR, new Uint8Array(new Int32Array([1]).buffer));
    bind(fd, address, action);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return fd;
}

/**
 * Makes a bound socket listen (listen(2)).
 *
 * @throws {SystemError} EADDRINUSE if another socket bound to the same address listens already.
 */
export function startListening(fd: number, action: string): void {
  checked(libc.listen(fd, BACKLOG), "listen", action);
}

/** Sets an option at level SOL_SOCKET (socket(7)). @throws {SystemError} such as ENOTSOCK. */
export function setOption(fd: number, name: number, value: Uint8Array<ArrayBuffer>): void {
  setPinnedOption(fd, name, pinned(value));
}

function setPinnedOption(fd: number, name: number, { bytes, pointer }: PinnedBytes): void {
  const result = libc.setsockopt(fd, SOL_SOCKET, name, pointer, bytes.length);
  checked(result, "setsockopt", "set an option of descriptor", fd);
}

/** Whether a descriptor is a socket that listens (socket(7)). */
export function isListening(fd: number): boolean {
  const SO_ACCEPTCONN = 30;
  return intOption(fd, SO_ACCEPTCONN) === 1;
}

/** Whether a descriptor is an open socket. */
export function isSocket(fd: number): boolean {
  const length = new Uint8Array(new Uint32Array([0]).buffer);
  return libc.getsockname(fd, new Uint8Array(0), length) === 0;
}

/** Whether a descriptor is a stream socket (SO_TYPE, socket(7)). */
export function isStream(fd: number): boolean {
  return intOption(fd, SO_TYPE) === SOCK_STREAM;
}

/** An option of the socket level that is a number (getsockopt(2)); undefined if the descriptor has none. */
function intOption(fd: number, name: number): number | undefined {
  const value = new Int32Array(1);
  const bytes = new Uint8Array(value.buffer);
  const length = new Uint8Array(new Uint32Array([bytes.length]).buffer);
  return libc.getsockopt(fd, SOL_SOCKET, name, bytes, length) === 0 ? value[0] : undefined;
}

/**
 * Accepts the next connection and blocks until there is one (accept(2)). The kernel wakes one blocked
 * caller per connection, in the order of their calls.
 *
 * @throws {SystemError} such as EINVAL if the listener was shut down.
 */
export function accept(listener: number): number {
  for (;;) {
    const connection = libc.accept4(listener, null, null, O_CLOEXEC);
    if (connection >= 0) return connection;
    retryOrThrow("accept", `accept a connection on descriptor ${listener}`);
  }
}

/**
 * Like `accept`, but does not wait for descriptors or memory to become free.
 *
 * @returns −1 if there is none (EMFILE, ENFILE, ENOBUFS, ENOMEM) or the listener was shut down.
 */
export function tryAccept(listener: number): number {
  for (;;) {
    const connection = libc.accept4(listener, null, null, O_CLOEXEC);
    if (connection >= 0) return connection;
    const number = errno();
    if (number !== Errno.EINTR && number !== Errno.ECONNABORTED) return -1;
  }
}

/**
 * Like `accept`, on a listener that does not block.
 *
 * @returns −1 if there is no connection (EAGAIN): another process or thread has taken it, or the client has left; or,
 * after a delay, if there are no descriptors or no memory for it.
 * @throws {SystemError} such as EINVAL if the listener was shut down.
 */
export function acceptReady(listener: number): number {
  const connection = libc.accept4(listener, null, null, O_CLOEXEC);
  if (connection >= 0) return connection;
  if (errno() !== Errno.EAGAIN) {
    retryOrThrow("accept", `accept a connection on descriptor ${listener}`);
  }
  return -1;
}

/** A timeout of socket calls, as a struct timeval for setsockopt(2). */
export type SocketTimeout = PinnedBytes;

/** Makes a timeout. 0 seconds disable it. */
export function socketTimeout(seconds: number): SocketTimeout {
  const whole = Math.floor(seconds);
  const micros = Math.round((seconds - whole) * 1e6);
  return pinned(new Uint8Array(new BigInt64Array([BigInt(whole), BigInt(micros)]).buffer));
}

/** The seconds of a timeout. */
export function secondsOf(timeout: SocketTimeout): number {
  const [whole, micros] = new BigInt64Array(timeout.bytes.buffer) as unknown as [bigint, bigint];
  return Number(whole) + Number(micros) / 1e6;
}

/** Sets send and receive timeouts; later calls fail with EAGAIN. 0 disables them (socket(7), UNP §14.2). */
export function setTimeouts(fd: number, timeout: SocketTimeout): void {
  setPinnedOption(fd, SO_RCVTIMEO, timeout);
  setPinnedOption(fd, SO_SNDTIMEO, timeout);
}

/** Creates an unconnected socket of the address's family. @throws {SystemError} such as EMFILE. */
export function createSocket(
  { family }: SocketAddress,
  type: SocketType,
  timeout?: SocketTimeout,
): number {
  const fd = checked(libc.socket(family, type | O_CLOEXEC, 0), "socket", "create a socket");
  if (timeout) setTimeouts(fd, timeout);
  return fd;
}

/** Creates an unconnected stream socket. @throws {SystemError} such as EMFILE. */
export function streamSocket(address: SocketAddress, timeout?: SocketTimeout): number {
  return createSocket(address, SocketType.stream, timeout);
}

/** Binds a socket to a local address (bind(2)). @throws {SystemError} such as EADDRINUSE. */
export function bind(fd: number, address: SocketAddress, action: string): void {
  checked(libc.bind(fd, address.pointer, address.bytes.length), "bind", action);
}

/**
 * Connects a socket (connect(2)). After EINTR, as when a process with a timeout was stopped and continues (signal(7)),
 * the kernel continues the attempt, and the same call waits for it.
 *
 * @throws {SystemError} such as ECONNREFUSED.
 */
export function connect(fd: number, address: SocketAddress): void {
  const number = tryConnect(fd, address);
  if (number !== 0) throw new SystemError("connect", "connect", number);
}

/** Like `connect`, but returns the error number, or 0. */
export function tryConnect(fd: number, address: SocketAddress): number {
  for (;;) {
    if (libc.connect(fd, address.pointer, address.bytes.length) === 0) return 0;
    const number = errno();
    if (number !== Errno.EINTR) return number;
  }
}

/**
 * Creates a stream socket and begins to connect it from that source, if there is one. It is connected when it is
 * ready for output, and a call on it says why it cannot.
 *
 * @returns −1 if a Unix listener's queue is full: try again later.
 * @throws {SystemError} such as EMFILE or ENOENT.
 */
export function beginConnect(address: SocketAddress, bindTo?: (socket: number) => void): number {
  const type = SOCK_STREAM | O_CLOEXEC | SOCK_NONBLOCK;
  const fd = checked(libc.socket(address.family, type, 0), "socket", "create a socket");
  try {
    bindTo?.(fd);
    const number = tryConnect(fd, address);
    if (number === 0 || number === Errno.EINPROGRESS) return fd;
    if (number !== Errno.EAGAIN) throw new SystemError("connect", "connect", number);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  libc.close(fd);
  return -1;
}

/** Like `read`, for a socket and without blocking (recv(2), MSG_DONTWAIT): −1 if no data has arrived. */
export function tryRead(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  for (;;) {
    const count = libc.recv(fd, buffer, buffer.length, MSG_DONTWAIT);
    if (count >= 0) return count;
    if (errno() === Errno.EAGAIN) return -1;
    retryOrThrow("recv", `read from descriptor ${fd}`);
  }
}

/** Like `write`, for a socket and without blocking (send(2), MSG_DONTWAIT): 0 if its buffer is full. */
export function tryWrite(fd: number, buffer: Uint8Array<ArrayBuffer>, length: number): number {
  for (;;) {
    const count = libc.send(fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return count;
    if (errno() === Errno.EAGAIN) return 0;
    retryOrThrow("send", `write to descriptor ${fd}`);
  }
}

/**
 * Shuts down both directions (shutdown(2)), for every process with a descriptor of the socket. Calls
 * blocked in accept on a listener fail with EINVAL. A connection that has ended already is no error.
 */
export function shutDown(fd: number): void {
  libc.shutdown(fd, SHUT_RDWR);
}

/** Shuts down writing: the peer reads end of file. @throws {SystemError} such as ENOTCONN. */
export function shutDownWrite(fd: number): void {
  checked(libc.shutdown(fd, SHUT_WR), "shutdown", `shut down writing on descriptor ${fd}`);
}

/** The most that a receive buffer holds, and more (net.ipv4.tcp_rmem). */
const MOST_INPUT = 16 * 1024 * 1024;

/** What is discarded. Allocated once: a server of many connections ends each with `endReplies`. */
const discarded = new Uint8Array(65536);

/**
 * Shuts down writing, and discards what has arrived. If a connection is closed while input is left unread, the
 * kernel resets it, and the client loses what it has not received yet (RFC 2525, 2.17).
 *
 * @throws {SystemError} such as ECONNRESET.
 */
export function endReplies(fd: number): void {
  libc.shutdown(fd, SHUT_WR);
  for (let left = MOST_INPUT, count; left > 0; left -= count) {
    count = tryRead(fd, discarded);
    if (count <= 0) return;
  }
}

const SO_LINGER = 13;

/** Has the close of a connection reset it (socket(7)). */
export function resetOnClose(fd: number): void {
  setOption(fd, SO_LINGER, new Uint8Array(new Int32Array([1, 0]).buffer)); // struct linger: on, for 0 seconds
}

/** A pair of connected Unix sockets (socketpair(2)). @throws {SystemError} such as EMFILE. */
export function socketPair(type: SocketType = SocketType.stream): [number, number] {
  const pair = new Int32Array(2);
  const bytes = new Uint8Array(pair.buffer);
  const result = libc.socketpair(AF_UNIX, type | O_CLOEXEC, 0, bytes);
  checked(result, "socketpair", "make a socket pair");
  return [pair[0]!, pair[1]!];
}
