/**
 * Messages over Unix sockets (SOCK_SEQPACKET), with descriptors (SCM_RIGHTS) and the sender's credentials
 * from the kernel (SCM_CREDENTIALS, unix(7)).
 *
 * The functions of `sockets.ts` apply to these sockets, too. Data too large for a message is passed as a
 * file in memory (`memfdOf` of `memory.ts`).
 *
 * @module
 */
import {
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SCM_RIGHTS,
  SOL_SOCKET,
} from "./constants.ts";
import { checked, Errno, errno, retryOrThrow } from "./errors.ts";
import { close, pinnedBytes } from "./io.ts";
import { addressOf, libc } from "./libc.ts";
import { setOption, socketPair, SocketType } from "./sockets.ts";

const SO_PASSCRED = 16;
const SO_PEERCRED = 17;
const SCM_CREDENTIALS = 2;
const MSG_CTRUNC = 0x8;
const MSG_TRUNC = 0x20;

/** Maximum size of a message in bytes, well below a socket's buffer (net.core.wmem_default, 212,992). */
export const MESSAGE_LIMIT = 65536;

/** Maximum number of descriptors in a message (SCM_MAX_FD). */
export const DESCRIPTOR_LIMIT = 253;

/** Process number, user and group of a process. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A pair of connected message sockets; both ends receive credentials. */
export function messagePair(): [number, number] {
  const pair = socketPair(SocketType.messages);
  pair.forEach(enableCredentials);
  return pair;
}

/** Makes the kernel attach the sender's credentials to messages received here (SO_PASSCRED). */
export function enableCredentials(socket: number): void {
  setOption(socket, SO_PASSCRED, new Uint8Array(new Int32Array([1]).buffer));
}

const ucred = new Int32Array(3); // struct ucred
const ucredBytes = new Uint8Array(ucred.buffer);
const ucredLength = new Uint32Array(1);
const ucredLengthBytes = new Uint8Array(ucredLength.buffer);

/**
 * The credentials of the process that called listen, connect or socketpair for the peer (SO_PEERCRED). The
 * peer's descriptor may be passed on since, so only a message's credentials identify its sender.
 */
export function peerCredentials(socket: number): Credentials {
  ucredLength[0] = ucredBytes.length;
  const result = libc.getsockopt(socket, SOL_SOCKET, SO_PEERCRED, ucredBytes, ucredLengthBytes);
  checked(result, "getsockopt", `get the peer's credentials of socket ${socket}`);
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

/** Result of sending: `closed`: the peer has closed the socket; `full`: it would block. */
export type Sent = "sent" | "closed" | "full";

/**
 * Result of receiving: `truncated`: only a part of data and descriptors fitted; `closed`: the peer has
 * closed the socket; `none`: it would block.
 */
export type Received = "message" | "truncated" | "closed" | "none";

const NO_DESCRIPTORS: readonly number[] = [];

/**
 * A buffer for one message, to send it or to receive into.
 *
 * A message has at least one byte: an empty one cannot be told from end of file.
 */
export class Message {
  /** The buffer; the message is its first `length` bytes. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** Number of bytes to send, or received. */
  length = 0;
  /** Descriptors to send (they stay open here), or received (the receiver closes them). */
  descriptors = NO_DESCRIPTORS;

  readonly #maxDescriptors: number;
  readonly #header = pinnedBytes(HEADER_BYTES);
  readonly #ints = new Int32Array(this.#header.bytes.buffer);
  readonly #vector = new Uint8Array(16); // struct iovec
  readonly #vectorLength = new Uint32Array(this.#vector.buffer, 8, 1);
  readonly #control: Uint8Array<ArrayBuffer>;
  readonly #controls: Int32Array;
  /** pid, uid and gid of the sender of the message received last. */
  readonly #sender = new Int32Array(3);

  /** Allocates a buffer for messages of at most `bytes` bytes and `descriptors` descriptors. */
  constructor(bytes: number, descriptors = 16) {
    this.data = new Uint8Array(bytes);
    this.#maxDescriptors = descriptors;
    this.#control = new Uint8Array(cmsgSpace(4 * descriptors) + cmsgSpace(UCRED_BYTES));
    this.#controls = new Int32Array(this.#control.buffer);
    const header = new DataView(this.#header.bytes.buffer);
    // SAFETY: the header points into the other three; all four live as long as this object.
    new DataView(this.#vector.buffer).setBigUint64(0, addressOf(this.data), true);
    header.setBigUint64(IOV_AT, addressOf(this.#vector), true);
    header.setBigUint64(IOV_COUNT_AT, 1n, true);
    header.setBigUint64(CONTROL_AT, addressOf(this.#control), true);
  }

  /**
   * Credentials of the sender of the message received last. The pid is 0 if the message was sent before the
   * receiver called `enableCredentials`.
   */
  get sender(): Credentials {
    const [pid, uid, gid] = this.#sender;
    return { pid: pid!, uid: uid!, gid: gid! };
  }

  /**
   * Sends `length` bytes and the descriptors (sendmsg(2)).
   *
   * @param wait whether to block while the peer's buffer is full; otherwise the result is `full`.
   * @throws {SystemError} such as EAGAIN after the socket's timeout, EMSGSIZE if the message is larger than
   * the buffer.
   */
  send(socket: number, wait = true): Sent {
    const flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    this.#vectorLength[0] = this.length;
    this.#ints[CONTROL_LENGTH_AT / 4] = this.#putDescriptors();
    for (;;) {
      if (libc.sendmsg(socket, this.#header.pointer, flags) >= 0) return "sent";
      const number = errno();
      if (number === Errno.EPIPE || number === Errno.ECONNRESET) return "closed";
      if (number === Errno.EAGAIN && !wait) return "full";
      retryOrThrow("sendmsg", `send a message over socket ${socket}`);
    }
  }

  /**
   * Receives the next message (recvmsg(2)).
   *
   * @param wait whether to block until there is one; otherwise the result is `none`.
   * @throws {SystemError} such as EAGAIN after the socket's timeout.
   */
  receive(socket: number, wait = true): Received {
    const flags = MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT);
    this.length = 0;
    this.descriptors = NO_DESCRIPTORS;
    this.#vectorLength[0] = this.data.length;
    for (;;) {
      this.#ints[CONTROL_LENGTH_AT / 4] = this.#control.length; // recvmsg overwrites it
      const count = libc.recvmsg(socket, this.#header.pointer, flags);
      if (count > 0) return this.#parse(count);
      if (count === 0) return this.#parseEmpty();
      const number = errno();
      if (number === Errno.ECONNRESET) return "closed";
      if (number === Errno.EAGAIN && !wait) return "none";
      retryOrThrow("recvmsg", `receive a message over socket ${socket}`);
    }
  }

  /** Closes the descriptors received. */
  closeDescriptors(): void {
    this.descriptors.forEach(close);
    this.descriptors = NO_DESCRIPTORS;
  }

  /** Writes the control message with the descriptors; returns its length. */
  #putDescriptors(): number {
    const count = this.descriptors.length;
    if (count === 0) return 0;
    if (count > this.#maxDescriptors) {
      throw new RangeError(
        `Cannot send ${count} descriptors: the maximum is ${this.#maxDescriptors}`,
      );
    }
    const ints = this.#controls;
    ints[0] = CMSG_HEADER_BYTES + 4 * count;
    ints[1] = 0;
    ints[2] = SOL_SOCKET;
    ints[3] = SCM_RIGHTS;
    ints.set(this.descriptors, 4);
    return cmsgSpace(4 * count);
  }

  /** End of file, or an empty message, which may have descriptors nevertheless. */
  #parseEmpty(): Received {
    this.#parse(0);
    this.closeDescriptors();
    return "closed";
  }

  /** Parses the control messages received with the data. */
  #parse(length: number): Received {
    this.length = length;
    const ints = this.#controls;
    const end = this.#ints[CONTROL_LENGTH_AT / 4]! / 4;
    this.#sender[0] = this.#sender[1] = this.#sender[2] = 0;
    for (let at = 0; at < end;) {
      const bytes = ints[at]!;
      const [type, from] = [ints[at + 3], at + 4];
      if (type === SCM_RIGHTS) this.descriptors = [...ints.subarray(from, at + bytes / 4)];
      if (type === SCM_CREDENTIALS) {
        // One by one, because creating a subarray costs more than the copy.
        for (let i = 0; i < 3; i++) this.#sender[i] = ints[from + i]!;
      }
      at += cmsgSpace(bytes - CMSG_HEADER_BYTES) / 4;
    }
    const flags = this.#ints[FLAGS_AT / 4]!;
    if (this.descriptors.length > this.#maxDescriptors) {
      // The space for credentials may have been used for descriptors.
      this.descriptors.slice(this.#maxDescriptors).forEach(close);
      this.descriptors = this.descriptors.slice(0, this.#maxDescriptors);
      return "truncated";
    }
    return flags & (MSG_TRUNC | MSG_CTRUNC) ? "truncated" : "message";
  }
}
