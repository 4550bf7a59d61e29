/**
 * A ring of io_uring(7): this thread writes operations into memory that the kernel shares, one call submits all of
 * them and waits, and their results are read from memory, too.
 *
 * @module
 */
import { MSG_NOSIGNAL, O_CLOEXEC } from "./constants.ts";
import { Errno, errno, SystemError } from "./errors.ts";
import { CQE_WORDS, InputBuffers, RingMemory, SQE_WORDS } from "./io_uring_memory.ts";
import { addressOf, libc } from "./libc.ts";

const SYS_io_uring_enter = 426; // on every architecture
const ENTER_GETEVENTS = 1;
const SQ_CQ_OVERFLOW = 2;

// Flags of an operation (io_uring_enter(2)), of its kind, and of its result.
const LINK = 1 << 2;
const BUFFER_SELECT = 1 << 5;
const SKIP_SUCCESS = 1 << 6;
const ACCEPT_MULTISHOT = 1;
const POLL_FIRST = 1;
const ETIME_SUCCESS = 1 << 5;
const CANCEL_FD = 1 << 1;
const MSG_WAITALL = 0x100;
const F_BUFFER = 1;
const F_MORE = 2;

/** Kinds of operations, with the numbers of the kernel (IORING_OP_…). */
export const Operation = {
  timeout: 11,
  accept: 13,
  cancel: 14,
  close: 19,
  send: 26,
  receive: 27,
} as const;

/** Words of a struct __kernel_timespec: seconds and nanoseconds, lower halves first. */
const TIME_WORDS = 4;

/** Sizes of a ring. */
export interface RingSizes {
  /** Operations that wait to be submitted; a power of two. There are twice as many results. */
  readonly operations: number;
  /** Buffers for input; a power of two. */
  readonly buffers: number;
  /** Bytes of each. */
  readonly bufferBytes: number;
}

/** Bytes that a ring sends, from the first on. */
export interface Output {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly address: number;
}

/** Makes bytes ready to be sent. */
export function outputOf(bytes: Uint8Array<ArrayBuffer>): Output {
  // SAFETY: the address is kept together with the array. It is below 2⁴⁸, which a number holds.
  return { bytes, address: Number(addressOf(bytes)) };
}

/** A ring; an object of the thread that made it. */
export class Ring implements Disposable {
  /** Of the result that `next` has taken: the kind of operation, its descriptor, and a count or a negative error number. */
  operation = 0;
  descriptor = -1;
  result = 0;
  /** Whether the same accept will have more results. */
  isMore = false;
  /** The number of the buffer that has the input; −1: none. */
  buffer = -1;

  readonly #memory: RingMemory;
  readonly #input: InputBuffers;
  /** For each operation a time. */
  readonly #times: Int32Array<ArrayBuffer>;
  readonly #timesAddress: number;
  /** Operations that are written, and results that are read: both count on. */
  #tail: number;
  #head: number;
  #unsubmitted = 0;

  /** @throws {SystemError} EPERM or ENOSYS where io_uring is forbidden, EINVAL before Linux 6.1. */
  constructor({ operations, buffers, bufferBytes }: RingSizes) {
    this.#memory = new RingMemory(operations);
    const { fd, words, sqTail, cqHead, sqMask } = this.#memory;
    this.#input = new InputBuffers(fd, buffers, bufferBytes);
    this.#times = new Int32Array(TIME_WORDS * (sqMask + 1));
    this.#timesAddress = outputOf(new Uint8Array(this.#times.buffer)).address;
    this.#tail = words[sqTail]!;
    this.#head = words[cqHead]!;
  }

  /** Accepts connections, until a result says that there are no more. */
  accept(listener: number): void {
    this.#push(Operation.accept, 0, ACCEPT_MULTISHOT, listener, 0, 0, O_CLOEXEC);
  }

  /** Ends what waits for a descriptor, whose result is ECANCELED. Has itself a result only if nothing waits. */
  cancel(fd: number): void {
    this.#push(Operation.cancel, SKIP_SUCCESS, 0, fd, 0, 0, CANCEL_FD);
  }

  /** Receives into a buffer, as soon as something has arrived. `isLater`: nothing has as yet, most likely. */
  receive(socket: number, isLater = false): void {
    const priority = isLater ? POLL_FIRST : 0;
    this.#push(Operation.receive, BUFFER_SELECT, priority, socket, 0, this.#input.bytes, 0);
  }

  /** Sends that many bytes, which stay as they are until there is a result: less than that, if not all could be sent. */
  send(socket: number, output: Output, length: number): void {
    this.#send(0, socket, output, length);
  }

  /** The same, then receives: the result is that of `receive`, or of the send if not all could be sent. */
  sendAndReceive(socket: number, output: Output, length: number): void {
    this.#sendLinked(socket, output, length);
    this.receive(socket, true);
  }

  /** The same, then closes: the result is that of the close, or of the send if not all could be sent. */
  sendAndClose(socket: number, output: Output, length: number): void {
    this.#sendLinked(socket, output, length);
    this.#push(Operation.close, 0, 0, socket, 0, 0, 0);
  }

  /** Closes a descriptor, without a result. */
  close(fd: number): void {
    this.#push(Operation.close, SKIP_SUCCESS, 0, fd, 0, 0, 0);
  }

  /** Has a result after that many milliseconds. */
  timeout(milliseconds: number): void {
    this.#timeout(0, milliseconds * 1e6, 0);
  }

  /** Waits for that many nanoseconds, then does what is written next. */
  pause(nanoseconds: number): void {
    // With a send, and what is linked to it.
    this.#reserve(3);
    this.#timeout(LINK | SKIP_SUCCESS, nanoseconds, ETIME_SUCCESS);
  }

  #timeout(flags: number, nanoseconds: number, more: number): void {
    this.#reserve(1);
    const at = (this.#tail & this.#memory.sqMask) * TIME_WORDS;
    const seconds = Math.floor(nanoseconds / 1e9);
    this.#times[at] = seconds;
    this.#times[at + 2] = nanoseconds - 1e9 * seconds;
    // SAFETY: the kernel copies the time when the operation is submitted, and none is written in its place before.
    this.#push(Operation.timeout, flags, 0, -1, this.#timesAddress + 4 * at, 1, more);
  }

  /** Submits what was written, and returns when there is at least one result. */
  wait(): void {
    // The kernel also writes those results now for which there was no room (IORING_SQ_CQ_OVERFLOW).
    this.#enter(1);
  }

  /** Takes the next result; false if there is none. The input of the last one is given back. */
  next(): boolean {
    if (this.buffer !== -1) this.#input.release(this.buffer);
    this.buffer = -1;
    // SAFETY: the kernel writes a result, then the tail (a release); this reads the tail, then the result. An atomic
    // load is at least an acquire, on memory that only a kernel shares, too: neither V8 nor the processor reads the
    // result earlier.
    const { words, cqTail, cqHead, cqes, cqMask } = this.#memory;
    if (this.#head === Atomics.load(words, cqTail)) return false;
    const at = cqes + (this.#head & cqMask) * CQE_WORDS;
    this.descriptor = words[at]!;
    this.operation = words[at + 1]!;
    this.result = words[at + 2]!;
    const flags = words[at + 3]!;
    this.isMore = (flags & F_MORE) !== 0;
    if ((flags & F_BUFFER) !== 0) this.buffer = flags >>> 16;
    // SAFETY: a release, so that the kernel writes another result there only after this one was read.
    this.#head = (this.#head + 1) | 0;
    Atomics.store(words, cqHead, this.#head);
    return true;
  }

  /** The bytes of the input: `result` of them have arrived. Valid until `next`. */
  get input(): Uint8Array<ArrayBuffer> {
    return this.#input.views[this.buffer]!;
  }

  /** Whether there were more results than there is room for: the kernel keeps the rest until `wait`. */
  get isOverflown(): boolean {
    const { words, sqFlags } = this.#memory;
    return (Atomics.load(words, sqFlags) & SQ_CQ_OVERFLOW) !== 0;
  }

  /** Submits what was written, which closes connections, and cancels all that waits. */
  [Symbol.dispose](): void {
    this.#enter(0);
    this.#memory[Symbol.dispose]();
    this.#input[Symbol.dispose]();
  }

  #send(flags: number, socket: number, { address }: Output, length: number): void {
    this.#push(Operation.send, flags, 0, socket, address, length, MSG_WAITALL | MSG_NOSIGNAL);
  }

  /** Sends, then does what is written next; not if this fails or is too short, as MSG_WAITALL has it. */
  #sendLinked(socket: number, output: Output, length: number): void {
    // Both are submitted together. If it fails, the next is cancelled without a result (IOSQE_CQE_SKIP_SUCCESS).
    this.#reserve(2);
    this.#send(LINK | SKIP_SUCCESS, socket, output, length);
  }

  /** Makes room for that many operations. */
  #reserve(count: number): void {
    while (this.#unsubmitted + count > this.#memory.sqMask + 1) this.#enter(0);
  }

  /** Writes an operation (struct io_uring_sqe). */
  #push(
    operation: number,
    flags: number,
    priority: number,
    fd: number,
    address: number,
    length: number,
    more: number,
  ): void {
    this.#reserve(1);
    const { operations: sqes, sqMask } = this.#memory;
    // SAFETY: the kernel copies an operation when it is submitted, so its place is free then.
    const at = (this.#tail & sqMask) * SQE_WORDS;
    sqes[at] = operation | flags << 8 | priority << 16;
    sqes[at + 1] = fd;
    sqes[at + 4] = address | 0;
    sqes[at + 5] = address / 2 ** 32;
    sqes[at + 6] = length;
    sqes[at + 7] = more;
    sqes[at + 8] = fd;
    sqes[at + 9] = operation;
    // All others stay 0: the offset, and the group of the buffers.
    this.#tail = (this.#tail + 1) | 0;
    this.#unsubmitted++;
  }

  #enter(results: number): void {
    // SAFETY: a release, so that the kernel, which reads the tail first, sees whole operations.
    const { words, sqTail, fd } = this.#memory;
    Atomics.store(words, sqTail, this.#tail);
    const [call, flags] = [SYS_io_uring_enter, ENTER_GETEVENTS];
    const count = libc.io_uring_enter(call, fd, this.#unsubmitted, results, flags, null);
    if (count >= 0) {
      this.#unsubmitted -= count;
      return;
    }
    const number = errno();
    // Interrupted; out of memory for now; too many results that nobody has read.
    if (number === Errno.EINTR || number === Errno.EAGAIN || number === Errno.EBUSY) return;
    throw new SystemError("io_uring_enter", "serve by io_uring", number);
  }
}
