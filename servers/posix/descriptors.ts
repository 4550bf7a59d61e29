/**
 * Descriptors as such: passing them to another process, waiting for several, closing many.
 *
 * @module
 */
import { Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { addressOf, libc } from "./libc.ts";

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const CMSG_BYTES = 24; // CMSG_SPACE(sizeof(int)) on 64-bit Linux
const CMSG_LEN = 20n; // CMSG_LEN(sizeof(int))

/** One byte and room for one descriptor, as sendmsg(2) and recvmsg(2) want it. */
function descriptorMessage() {
  const data = new Uint8Array(1);
  const vector = new BigUint64Array([addressOf(data), 1n]); // struct iovec
  const control = new Uint8Array(CMSG_BYTES);
  const cmsg = new DataView(control.buffer); // struct cmsghdr and the descriptor
  cmsg.setBigUint64(0, CMSG_LEN, true);
  cmsg.setInt32(8, SOL_SOCKET, true);
  cmsg.setInt32(12, SCM_RIGHTS, true);
  const header = new Uint8Array(56);
  const msghdr = new DataView(header.buffer);
  msghdr.setBigUint64(16, addressOf(new Uint8Array(vector.buffer)), true);
  msghdr.setBigUint64(24, 1n, true);
  msghdr.setBigUint64(32, addressOf(control), true);
  msghdr.setUint32(40, CMSG_BYTES, true);
  // SAFETY: the header points into the other three, so all four live as long as the module.
  return {
    header,
    data,
    vector,
    descriptor: new Int32Array(control.buffer, 16, 1),
    controlLength: new Uint32Array(header.buffer, 40, 1),
  };
}

const outgoing = descriptorMessage();
const incoming = descriptorMessage();

/**
 * Passes a descriptor to the process at the other end of a Unix socket (UNP §15.7).
 *
 * @returns false where that process is gone.
 */
export function sendDescriptor(channel: number, descriptor: number): boolean {
  return send(channel, descriptor, MSG_NOSIGNAL);
}

/**
 * As `sendDescriptor`, but without waiting for room in the queue of the socket.
 *
 * @returns false also where there is none.
 */
export function trySendDescriptor(channel: number, descriptor: number): boolean {
  return send(channel, descriptor, MSG_NOSIGNAL | MSG_DONTWAIT);
}

function send(channel: number, descriptor: number, flags: number): boolean {
  outgoing.descriptor[0] = descriptor;
  for (;;) {
    if (libc.sendmsg(channel, outgoing.header, flags) === 1) return true;
    if (errno() === Errno.EAGAIN || isGone()) return false;
    retryOrThrow("sendmsg", `pass descriptor ${descriptor} over descriptor ${channel}`);
  }
}

/** The next descriptor that comes over a Unix socket; −1 where the other end is closed. */
export function receiveDescriptor(channel: number): number {
  for (;;) {
    incoming.controlLength[0] = CMSG_BYTES; // recvmsg overwrites it
    incoming.descriptor[0] = -1;
    const count = libc.recvmsg(channel, incoming.header, MSG_CMSG_CLOEXEC);
    if (count > 0) return incoming.descriptor[0]!;
    if (count === 0 || isGone()) return -1;
    retryOrThrow("recvmsg", `receive a descriptor over descriptor ${channel}`);
  }
}

const note = new Uint8Array(1);

/** Says something to the process at the other end, which only means that it is said. */
export function notify(channel: number): void {
  while (libc.write(channel, note, 1) < 0) retryOrThrow("write", `tell over descriptor ${channel}`);
}

/** Takes such a note; false where the process at the other end is gone. */
export function waitForNotification(channel: number): boolean {
  for (;;) {
    const count = libc.read(channel, note, 1);
    if (count > 0) return true;
    if (count === 0 || isGone()) return false;
    retryOrThrow("read", `listen on descriptor ${channel}`);
  }
}

/** Whether a call failed because the process at the other end is gone, having read everything or not. */
function isGone(): boolean {
  const number = errno();
  return number === Errno.EPIPE || number === Errno.ECONNRESET;
}

/** What to wait for on a descriptor (poll(2)). */
export const READABLE = 1;
export const WRITABLE = 4;

/** Waits for any of several descriptors (poll(2)), each at a place of its own, counted from 0. */
export class Poller {
  // struct pollfd: the descriptor, then events (lower half) and revents (upper half).
  #ints: Int32Array<ArrayBuffer>;
  #bytes: Uint8Array<ArrayBuffer>;
  #size: number;

  /** Waits for all of them to become readable. */
  constructor(descriptors: readonly number[]) {
    this.#ints = new Int32Array(descriptors.flatMap((descriptor) => [descriptor, READABLE]));
    this.#bytes = new Uint8Array(this.#ints.buffer);
    this.#size = descriptors.length;
  }

  /** Puts a descriptor at that place, which is not ready before the next wait; −1: none. */
  set(index: number, descriptor: number, events = READABLE): void {
    this.#ints[2 * index] = descriptor;
    this.#ints[2 * index + 1] = events;
  }

  /** Makes a place for one more behind the others. */
  add(descriptor: number, events = READABLE): void {
    if (2 * this.#size === this.#ints.length) {
      const larger = new Int32Array(Math.max(8, 4 * this.#size));
      larger.set(this.#ints);
      this.#ints = larger;
      this.#bytes = new Uint8Array(larger.buffer);
    }
    this.set(this.#size++, descriptor, events);
  }

  /** Takes a place away; the last one moves there. */
  remove(index: number): void {
    const last = 2 * --this.#size;
    this.#ints[2 * index] = this.#ints[last]!;
    this.#ints[2 * index + 1] = this.#ints[last + 1]!;
  }

  /**
   * Waits until at least one is ready, or its other end closed.
   *
   * @returns false where that has not happened within so many milliseconds (−1: however long it takes).
   */
  wait(milliseconds = -1): boolean {
    for (;;) {
      const ready = libc.poll(this.#bytes, this.#size, milliseconds);
      if (ready >= 0) return ready > 0;
      retryOrThrow("poll", "wait for a client or a child");
    }
  }

  /** Whether, in the last wait, the one at that place was. */
  isReady(index: number): boolean {
    return this.#ints[2 * index]! >= 0 && this.#ints[2 * index + 1]! >> 16 !== 0;
  }
}

/** Closes every descriptor but those and the standard three. */
export function closeAllBut(kept: readonly number[]): void {
  const SYS_close_range = 436; // the same number on every architecture
  const STDERR = 2;
  const LAST = 0xffffffff;
  const walls = [STDERR, ...kept.filter((fd) => fd > STDERR).sort((a, b) => a - b)];
  for (const [i, wall] of walls.entries()) {
    const next = walls[i + 1];
    if (next === wall + 1 || next === wall) continue;
    if (libc.close_range(SYS_close_range, wall + 1, next === undefined ? LAST : next - 1, 0) < 0) {
      throw new SystemError("close_range", "close descriptors", errno());
    }
  }
}
