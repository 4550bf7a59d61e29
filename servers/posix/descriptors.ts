/**
 * Descriptors: creating, duplicating, passing, polling and closing them.
 *
 * @module
 */
import {
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  O_CLOEXEC,
  POLLIN,
  POLLOUT,
  SCM_RIGHTS,
  SOL_SOCKET,
} from "./constants.ts";
import { newTimespec, setTimespec } from "./clocks.ts";
import { checked, Errno, errno, retryOrThrow } from "./errors.ts";
import { namesIn } from "./files.ts";
import { type PinnedBytes, pinnedBytes } from "./io.ts";
import { addressOf, libc as imported } from "./libc.ts";

/** As in `io.ts`. */
const libc = imported;

const CMSG_BYTES = 24; // CMSG_SPACE(sizeof(int)) on 64-bit Linux
const CMSG_LEN = 20; // CMSG_LEN(sizeof(int))

/** A pipe: [read end, write end] (pipe(2)). @throws {SystemError} such as EMFILE. */
export function pipe(): [number, number] {
  const pair = new Int32Array(2);
  checked(libc.pipe2(new Uint8Array(pair.buffer), O_CLOEXEC), "pipe2", "make a pipe");
  return [pair[0]!, pair[1]!];
}

/** Duplicates a descriptor under the lowest free number from `least` on; closed on exec (fcntl(2)). */
export function duplicate(fd: number, least = 0): number {
  const F_DUPFD_CLOEXEC = 1030;
  const action = `duplicate descriptor ${fd}`;
  return checked(libc.fcntl(fd, F_DUPFD_CLOEXEC, least), "fcntl", action);
}

/** Like `duplicate`, and closes the original, even after an error. */
export function renumber(fd: number, least: number): number {
  try {
    return duplicate(fd, least);
  } finally {
    libc.close(fd);
  }
}

/** Clears FD_CLOEXEC: programs that this process starts inherit the descriptor. */
export function clearCloseOnExec(fd: number): void {
  const F_SETFD = 2;
  checked(libc.fcntl(fd, F_SETFD, 0), "fcntl", `keep descriptor ${fd} open on exec`);
}

/** Makes calls on the open file of a descriptor fail with EAGAIN in place of waiting, for all that share it. */
export function doNotBlock(fd: number): void {
  const [F_GETFL, F_SETFL, O_NONBLOCK] = [3, 4, 0o4000];
  const action = `change the flags of descriptor ${fd}`;
  const flags = checked(libc.fcntl(fd, F_GETFL, 0), "fcntl", action);
  checked(libc.fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl", action);
}

/** Buffers for sendmsg(2) and recvmsg(2): one byte of data and one descriptor. */
function descriptorMessage() {
  const data = new Uint8Array(1);
  const vector = new BigUint64Array([addressOf(data), 1n]); // struct iovec
  const control = new Uint8Array(CMSG_BYTES);
  const cmsg = new DataView(control.buffer); // struct cmsghdr and the descriptor
  cmsg.setBigUint64(0, BigInt(CMSG_LEN), true);
  cmsg.setInt32(8, SOL_SOCKET, true);
  cmsg.setInt32(12, SCM_RIGHTS, true);
  const header = pinnedBytes(56);
  const msghdr = new DataView(header.bytes.buffer);
  msghdr.setBigUint64(16, addressOf(new Uint8Array(vector.buffer)), true);
  msghdr.setBigUint64(24, 1n, true);
  msghdr.setBigUint64(32, addressOf(control), true);
  msghdr.setUint32(40, CMSG_BYTES, true);
  // SAFETY: the header points into the other three; all four are kept for the life of the module.
  return {
    header,
    data,
    vector,
    descriptor: new Int32Array(control.buffer, 16, 1),
    controlLength: new Uint32Array(header.bytes.buffer, 40, 1),
  };
}

const outgoing = descriptorMessage();
const incoming = descriptorMessage();

/**
 * Passes a descriptor to the peer of a Unix socket (UNP §15.7). Blocks while the socket's buffer is full.
 *
 * @returns false if the peer has closed the socket.
 */
export function sendDescriptor(socket: number, descriptor: number): boolean {
  return send(socket, descriptor, MSG_NOSIGNAL);
}

/**
 * Like `sendDescriptor`, but does not block.
 *
 * @returns false if the socket's buffer is full, the peer has closed the socket, or, after a delay, if this
 * user has too many descriptors on their way (ETOOMANYREFS, unix(7)).
 */
export function trySendDescriptor(socket: number, descriptor: number): boolean {
  return send(socket, descriptor, MSG_NOSIGNAL | MSG_DONTWAIT);
}

function send(socket: number, descriptor: number, flags: number): boolean {
  outgoing.descriptor[0] = descriptor;
  for (;;) {
    if (libc.sendmsg(socket, outgoing.header.pointer, flags) === 1) return true;
    const number = errno();
    if (number === Errno.EAGAIN || isDisconnected()) return false;
    retryOrThrow("sendmsg", `pass descriptor ${descriptor} over socket ${socket}`);
    if (number === Errno.ETOOMANYREFS && flags & MSG_DONTWAIT) return false;
  }
}

/**
 * Receives a descriptor from the peer of a Unix socket and blocks until there is one; −1 at end of file. Bytes
 * without a descriptor are dropped.
 */
export function receiveDescriptor(socket: number): number {
  for (;;) {
    const descriptor = tryReceiveDescriptor(socket);
    if (descriptor !== undefined) return descriptor;
  }
}

/**
 * Like `receiveDescriptor`, but undefined after a byte without a descriptor and, on a socket that does not block,
 * while there is none.
 */
export function tryReceiveDescriptor(socket: number): number | undefined {
  for (;;) {
    // recvmsg overwrites it. CMSG_SPACE would have room for a second one.
    incoming.controlLength[0] = CMSG_LEN;
    incoming.descriptor[0] = -1;
    const count = libc.recvmsg(socket, incoming.header.pointer, MSG_CMSG_CLOEXEC);
    if (count > 0) return incoming.descriptor[0] === -1 ? undefined : incoming.descriptor[0];
    if (count === 0 || isDisconnected()) return -1;
    if (errno() === Errno.EAGAIN) return undefined;
    retryOrThrow("recvmsg", `receive a descriptor over socket ${socket}`);
  }
}

const byte = pinnedBytes(1);

/** Sends one byte as a notification. */
export function notify(socket: number): void {
  while (libc.writeAt(socket, byte.pointer, 1) < 0) {
    retryOrThrow("write", `send a notification over descriptor ${socket}`);
  }
}

/** Waits for a notification; false if the peer has closed the socket. */
export function waitForNotification(socket: number): boolean {
  for (;;) {
    const count = libc.readAt(socket, byte.pointer, 1);
    if (count > 0) return true;
    if (count === 0 || isDisconnected()) return false;
    retryOrThrow("read", `wait for a notification on descriptor ${socket}`);
  }
}

/** Whether the last call failed because the peer has closed the socket, with or without unread data. */
function isDisconnected(): boolean {
  const number = errno();
  return number === Errno.EPIPE || number === Errno.ECONNRESET;
}

const timespec = newTimespec();

/** Events to poll for (poll(2)). */
export const READABLE = POLLIN;
export const WRITABLE = POLLOUT;

/** Polls several descriptors (poll(2)), each with an index from 0. */
export class Poller {
  // struct pollfd: the descriptor, then events (lower half) and revents (upper half).
  #pollfds: PinnedBytes;
  #ints: Int32Array<ArrayBuffer>;
  #size: number;

  /** Polls these descriptors for input. */
  constructor(descriptors: readonly number[]) {
    this.#pollfds = pinnedBytes(8 * descriptors.length);
    this.#ints = new Int32Array(this.#pollfds.bytes.buffer);
    this.#size = descriptors.length;
    descriptors.forEach((descriptor, index) => this.set(index, descriptor));
  }

  /** Replaces the descriptor at an index and clears its state. −1 disables the index. */
  set(index: number, descriptor: number, events = READABLE): void {
    this.#ints[2 * index] = descriptor;
    this.#ints[2 * index + 1] = events;
  }

  /** Appends a descriptor. */
  add(descriptor: number, events = READABLE): void {
    if (2 * this.#size === this.#ints.length) {
      const { bytes } = this.#pollfds;
      this.#pollfds = pinnedBytes(Math.max(32, 2 * bytes.length));
      this.#pollfds.bytes.set(bytes);
      this.#ints = new Int32Array(this.#pollfds.bytes.buffer);
    }
    this.set(this.#size++, descriptor, events);
  }

  /** Removes an index. The last descriptor moves there. */
  remove(index: number): void {
    const last = 2 * --this.#size;
    this.#ints[2 * index] = this.#ints[last]!;
    this.#ints[2 * index + 1] = this.#ints[last + 1]!;
  }

  /**
   * Blocks until a descriptor is ready or hung up.
   *
   * @param milliseconds the timeout, which may be a fraction; −1: none.
   * @returns false after the timeout.
   */
  wait(milliseconds = -1): boolean {
    const { pointer } = this.#pollfds;
    const isWhole = Number.isInteger(milliseconds);
    if (!isWhole) setTimespec(timespec, 1e6 * milliseconds);
    for (;;) {
      const ready = isWhole
        ? libc.poll(pointer, this.#size, milliseconds)
        : libc.ppoll(pointer, this.#size, timespec.pointer, null);
      if (ready >= 0) return ready > 0;
      retryOrThrow("poll", "wait for a client or a child");
    }
  }

  /** Whether the last `wait` found the descriptor at that index ready or hung up. */
  isReady(index: number): boolean {
    return this.#ints[2 * index]! >= 0 && this.#ints[2 * index + 1]! >> 16 !== 0;
  }
}

/**
 * Closes every descriptor except the standard three and those given: close_range(2) of Linux 5.9, or one by
 * one where a kernel or a seccomp filter refuses that.
 */
export function closeAllBut(kept: readonly number[]): void {
  const SYS_close_range = 436; // the same number on every architecture
  const STDERR = 2;
  const LAST = 0xffffffff;
  const sorted = [STDERR, ...kept.filter((fd) => fd > STDERR).sort((a, b) => a - b)];
  for (const [i, fd] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next === fd + 1 || next === fd) continue;
    if (libc.close_range(SYS_close_range, fd + 1, next === undefined ? LAST : next - 1, 0) < 0) {
      for (const open of namesIn("/proc/self/fd").map(Number)) {
        if (open > STDERR && !kept.includes(open)) libc.close(open);
      }
      return;
    }
  }
}
