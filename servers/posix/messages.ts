/**
 * Messages over Unix sockets: their bounds are kept (SOCK_SEQPACKET), descriptors travel with them, and
 * the kernel says who sent each (unix(7), SCM_RIGHTS and SCM_CREDENTIALS).
 *
 * `accept`, `connect` and `close` of `sockets.ts` are for these sockets too. What is too large for one
 * message goes as a file in memory (`fileOf` in `memory.ts`).
 *
 * @module
 */
import { checked, Errno, errno, retryOrThrow } from "./errors.ts";
import { addressOf, libc } from "./libc.ts";
import {
  close,
  listen,
  setOption,
  type SocketAddress,
  socketPair,
  type SocketTimeout,
  SocketType,
  unconnected,
} from "./sockets.ts";

const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const SCM_CREDENTIALS = 2;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** Bytes that fit into one message: well below what a socket may hold (net.core.wmem_default, 212,992). */
export const MESSAGE_LIMIT = 65536;

/** Most descriptors the kernel takes with one message (SCM_MAX_FD). */
export const DESCRIPTOR_LIMIT = 253;

/** Who a process is and whom it acts for. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A listening socket whose connections carry messages, each with its sender's credentials. */
export function listenForMessages(address: SocketAddress, action: string): number {
  const listener = listen(address, action, SocketType.messages);
  enableCredentials(listener); // connections inherit it
  return listener;
}

/** A message socket, not yet connected; a call on it that takes longer than `limit` fails (EAGAIN). */
export function messageSocket(address: SocketAddress, limit?: SocketTimeout): number {
  return unconnected(address, SocketType.messages, limit);
}

/** Two connected sockets; messages carry their sender's credentials either way. */
export function messagePair(): [number, number] {
  const pair = socketPair(SocketType.messages);
  pair.forEach(enableCredentials);
  return pair;
}

/** From now on messages that arrive here carry their sender's credentials. */
export function enableCredentials(socket: number): void {
  setOption(socket, SO_PASSCRED, new Uint8Array(new Int32Array([1]).buffer));
}

const ucred = new Int32Array(3); // struct ucred
const ucredBytes = new Uint8Array(ucred.buffer);
const ucredLength = new Uint32Array(1);
const ucredLengthBytes = new Uint8Array(ucredLength.buffer);

/**
 * Who is at the other end: who listened, connected, or made the pair. A descriptor can be passed on, so
 * who sends is told with each message only.
 */
export function peerCredentials(socket: number): Credentials {
  ucredLength[0] = ucredBytes.length;
  const result = libc.getsockopt(socket, SOL_SOCKET, SO_PEERCRED, ucredBytes, ucredLengthBytes);
  checked(result, "getsockopt", `ask who is at the other end of descriptor ${socket}`);
  return { pid: ucred[0]!, uid: ucred[1]!, gid: ucred[2]! };
}

// struct msghdr and struct cmsghdr on 64-bit Linux
const HEADER_BYTES = 56;
const IOV_AT = 16;
const IOV_COUNT_AT = 24;
const CONTROL_AT = 32;
const CONTROL_LENGTH_AT = 40;
const FLAGS_AT = 48;
const CMSG_HEADER_BYTES = 16;
const UCRED_BYTES = 12;
const cmsgSpace = (bytes: number) => CMSG_HEADER_BYTES + Math.ceil(bytes / 8) * 8;

/** How sending went: `gone` where the other end is closed, `full` where it would have had to wait. */
export type Sent = "sent" | "gone" | "full";

/**
 * How receiving went: `truncated` where data or descriptors did not fit (what did is there), `closed`
 * where the other end is, `none` where it would have had to wait.
 */
export type Received = "message" | "truncated" | "closed" | "none";

const NO_DESCRIPTORS: readonly number[] = [];

/**
 * Room for one message at a time, sent from it or received into it.
 *
 * A message has at least one byte: one of none looks like a closed end.
 */
export class Message {
  /** The bytes; those of the message are the first `length`. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Bytes to send, or received. */
  length = 0;
  /** Descriptors to send (they stay open here), or received (whoever received them closes them). */
  descriptors = NO_DESCRIPTORS;

  readonly #room: number;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #ints = new Int32Array(this.#header.buffer);
  readonly #vector = new Uint8Array(16); // struct iovec
  readonly #vectorLength = new Uint32Array(this.#vector.buffer, 8, 1);
  readonly #control: Uint8Array<ArrayBuffer>;
  readonly #controls: Int32Array;
  /** pid, uid and gid of whoever sent what was received last. */
  readonly #sender = new Int32Array(3);

  /** Room for `bytes` of data and so many descriptors. */
  constructor(bytes: number, descriptors = 16) {
    this.data = new Uint8Array(bytes);
    this.#room = descriptors;
    this.#control = new Uint8Array(cmsgSpace(4 * descriptors) + cmsgSpace(UCRED_BYTES));
    this.#controls = new Int32Array(this.#control.buffer);
    const header = new DataView(this.#header.buffer);
    // SAFETY: the header points into the other three, and all of them live as long as this object.
    new DataView(this.#vector.buffer).setBigUint64(0, addressOf(this.data), true);
    header.setBigUint64(IOV_AT, addressOf(this.#vector), true);
    header.setBigUint64(IOV_COUNT_AT, 1n, true);
    header.setBigUint64(CONTROL_AT, addressOf(this.#control), true);
  }

  /**
   * Who sent what was received last, from the kernel. Only of a message that was sent when its receiver
   * had asked for senders already; otherwise pid 0.
   */
  get sender(): Credentials {
    const [pid, uid, gid] = this.#sender;
    return { pid: pid!, uid: uid!, gid: gid! };
  }

  /**
   * Sends `length` bytes and the descriptors, and waits until there is room for them.
   *
   * @param wait false: says `full` instead.
   * @throws {SystemError} such as EAGAIN where the socket's time limit ran out, EMSGSIZE for a message
   * the socket cannot hold.
   */
  send(socket: number, wait = true): Sent {
    const flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    this.#vectorLength[0] = this.length;
    this.#ints[CONTROL_LENGTH_AT / 4] = this.#putDescriptors();
    for (;;) {
      if (libc.sendmsg(socket, this.#header, flags) >= 0) return "sent";
      const number = errno();
      if (number === Errno.EPIPE || number === Errno.ECONNRESET) return "gone";
      if (number === Errno.EAGAIN && !wait) return "full";
      retryOrThrow("sendmsg", `send a message over descriptor ${socket}`);
    }
  }

  /**
   * Receives the next message, and waits for one.
   *
   * @param wait false: says `none` instead.
   * @throws {SystemError} such as EAGAIN where the socket's time limit ran out.
   */
  receive(socket: number, wait = true): Received {
    const flags = MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT);
    this.length = 0;
    this.descriptors = NO_DESCRIPTORS;
    this.#vectorLength[0] = this.data.length;
    for (;;) {
      this.#ints[CONTROL_LENGTH_AT / 4] = this.#control.length; // recvmsg overwrites it
      const count = libc.recvmsg(socket, this.#header, flags);
      if (count > 0) return this.#take(count);
      if (count === 0) return "closed";
      const number = errno();
      if (number === Errno.ECONNRESET) return "closed";
      if (number === Errno.EAGAIN && !wait) return "none";
      retryOrThrow("recvmsg", `receive a message over descriptor ${socket}`);
    }
  }

  /** Closes the descriptors received, where nobody wants them. */
  closeDescriptors(): void {
    this.descriptors.forEach(close);
    this.descriptors = NO_DESCRIPTORS;
  }

  /** Writes the descriptors down for the kernel; how many bytes that takes is the result. */
  #putDescriptors(): number {
    const count = this.descriptors.length;
    if (count === 0) return 0;
    if (count > this.#room) {
      throw new RangeError(`Cannot send ${count} descriptors: there is room for ${this.#room}`);
    }
    const ints = this.#controls;
    ints[0] = CMSG_HEADER_BYTES + 4 * count;
    ints[1] = 0;
    ints[2] = SOL_SOCKET;
    ints[3] = SCM_RIGHTS;
    ints.set(this.descriptors, 4);
    return cmsgSpace(4 * count);
  }

  /** Takes from the kernel's notes what came with the data. */
  #take(length: number): Received {
    this.length = length;
    const ints = this.#controls;
    const end = this.#ints[CONTROL_LENGTH_AT / 4]! / 4;
    this.#sender[0] = this.#sender[1] = this.#sender[2] = 0;
    for (let at = 0; at < end;) {
      const bytes = ints[at]!;
      const [type, from] = [ints[at + 3], at + 4];
      if (type === SCM_RIGHTS) this.descriptors = [...ints.subarray(from, at + bytes / 4)];
      if (type === SCM_CREDENTIALS) {
        // One by one: making a view to copy from costs more than the copy.
        for (let i = 0; i < 3; i++) this.#sender[i] = ints[from + i]!;
      }
      at += cmsgSpace(bytes - CMSG_HEADER_BYTES) / 4;
    }
    const flags = this.#ints[FLAGS_AT / 4]!;
    return flags & (MSG_TRUNC | MSG_CTRUNC) ? "truncated" : "message";
  }
}
