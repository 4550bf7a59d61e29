/**
 * A ring of io_uring(7): this thread writes operations into memory that the kernel shares, one call submits all of
 * them and waits, and their results are read from memory, too.
 *
 * @module
 */
import { MSG_NOSIGNAL, O_CLOEXEC } from "./constants.ts";
import { checked, Errno, errno, SystemError } from "./errors.ts";
import { close } from "./io.ts";
import { addressOf, libc } from "./libc.ts";
import { mapFile, type SharedMemory, shareMemory, unmap } from "./memory.ts";

// The same numbers on every architecture.
const SYS_io_uring_setup = 425;
const SYS_io_uring_enter = 426;
const SYS_io_uring_register = 427;

// Flags of io_uring_setup(2).
const SUBMIT_ALL = 1 << 7;
const COOP_TASKRUN = 1 << 8;
const SINGLE_ISSUER = 1 << 12;
const DEFER_TASKRUN = 1 << 13; // Linux 6.1

/** Results are written only while this thread waits for some, not by an interruption of what it does. */
const SETUP_FLAGS = SUBMIT_ALL | COOP_TASKRUN | SINGLE_ISSUER | DEFER_TASKRUN;

const ENTER_GETEVENTS = 1;
const REGISTER_PBUF_RING = 22;
const OFF_SQES = 0x10000000n;
const SQ_CQ_OVERFLOW = 2;

// Flags of an operation (io_uring_enter(2)), of its kind, and of its result.
const LINK = 1 << 2;
const BUFFER_SELECT = 1 << 5;
const SKIP_SUCCESS = 1 << 6;
const ACCEPT_MULTISHOT = 1;
const POLL_FIRST = 1;
const MSG_WAITALL = 0x100;
const F_BUFFER = 1;
const F_MORE = 2;

/** Kinds of operations, with the numbers of the kernel (IORING_OP_…). */
export const Operation = { timeout: 11, accept: 13, close: 19, send: 26, receive: 27 } as const;

const PARAMETERS_BYTES = 120;
const SQE_WORDS = 16;
const CQE_WORDS = 4;

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

  readonly #fd: number;
  readonly #rings: SharedMemory;
  readonly #sqeMemory: SharedMemory;
  /** Heads, tails and results. */
  readonly #words: Int32Array;
  readonly #sqes: Int32Array;
  // Places in `#words`.
  readonly #sqTail: number;
  readonly #sqFlags: number;
  readonly #cqHead: number;
  readonly #cqTail: number;
  readonly #cqes: number;
  readonly #sqMask: number;
  readonly #cqMask: number;
  readonly #input: InputBuffers;
  readonly #timespec = new BigInt64Array(2); // struct __kernel_timespec: seconds, nanoseconds
  readonly #timespecAddress = outputOf(new Uint8Array(this.#timespec.buffer)).address;
  /** Operations that are written, and results that are read: both count on. */
  #tail: number;
  #head: number;
  #unsubmitted = 0;

  /** @throws {SystemError} EPERM or ENOSYS where io_uring is forbidden, EINVAL before Linux 6.1. */
  constructor({ operations, ...sizes }: RingSizes) {
    const parameters = new DataView(new ArrayBuffer(PARAMETERS_BYTES)); // struct io_uring_params
    this.#fd = setUp(operations, parameters);
    const field = (at: number) => parameters.getUint32(at, true);
    const [sqEntries, cqEntries] = [field(0), field(4)];
    // struct io_sqring_offsets at 40, struct io_cqring_offsets at 80: head, tail, mask, entries, flags or overflow …
    const [sqTail, sqFlags, sqArray] = [field(44), field(56), field(64)];
    const [cqHead, cqTail, cqes] = [field(80), field(84), field(100)];
    const bytes = Math.max(sqArray + 4 * sqEntries, cqes + 4 * CQE_WORDS * cqEntries);
    // SAFETY: both rings are one mapping since Linux 5.4 (IORING_FEAT_SINGLE_MMAP). Its offsets are those that the
    // kernel has just given, and it lasts until `dispose`, after which nothing reads it.
    this.#rings = mapFile(this.#fd, bytes, 0n);
    this.#sqeMemory = mapFile(this.#fd, 4 * SQE_WORDS * sqEntries, OFF_SQES);
    this.#words = new Int32Array(this.#rings.buffer, 0, bytes >> 2);
    this.#sqes = new Int32Array(this.#sqeMemory.buffer);
    [this.#sqTail, this.#sqFlags] = [sqTail >> 2, sqFlags >> 2];
    [this.#cqHead, this.#cqTail, this.#cqes] = [cqHead >> 2, cqTail >> 2, cqes >> 2];
    [this.#sqMask, this.#cqMask] = [sqEntries - 1, cqEntries - 1];
    // Operation i is always at place i of the array.
    for (let i = 0; i < sqEntries; i++) this.#words[(sqArray >> 2) + i] = i;
    this.#tail = this.#words[this.#sqTail]!;
    this.#head = this.#words[this.#cqHead]!;
    this.#input = new InputBuffers(this.#fd, sizes);
  }

  /** Accepts connections, until a result says that there are no more. */
  accept(listener: number): void {
    this.#push(Operation.accept, 0, ACCEPT_MULTISHOT, listener, 0, 0, O_CLOEXEC);
  }

  /** Receives into a buffer, as soon as something has arrived. `isLater`: nothing has as yet, most likely. */
  receive(socket: number, isLater = false): void {
    const priority = isLater ? POLL_FIRST : 0;
    this.#push(Operation.receive, BUFFER_SELECT, priority, socket, 0, this.#input.bytes, 0);
  }

  /**
   * Sends that many bytes, which must stay as they are until there is a result: their number, or less if not all
   * could be sent.
   */
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

  /** Has a result after that many milliseconds: ETIME. One at a time. */
  timeout(milliseconds: number): void {
    const whole = Math.floor(milliseconds / 1000);
    this.#timespec[0] = BigInt(whole);
    this.#timespec[1] = BigInt(Math.round((milliseconds - 1000 * whole) * 1e6));
    // SAFETY: the kernel copies the time when the operation is submitted, and this object keeps it.
    this.#push(Operation.timeout, 0, 0, -1, this.#timespecAddress, 1, 0);
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
    if (this.#head === Atomics.load(this.#words, this.#cqTail)) return false;
    const at = this.#cqes + (this.#head & this.#cqMask) * CQE_WORDS;
    const words = this.#words;
    this.descriptor = words[at]!;
    this.operation = words[at + 1]!;
    this.result = words[at + 2]!;
    const flags = words[at + 3]!;
    this.isMore = (flags & F_MORE) !== 0;
    if ((flags & F_BUFFER) !== 0) this.buffer = flags >>> 16;
    // SAFETY: a release, so that the kernel writes another result there only after this one was read.
    this.#head = (this.#head + 1) | 0;
    Atomics.store(words, this.#cqHead, this.#head);
    return true;
  }

  /** The bytes of the input: `result` of them have arrived. Valid until `next`. */
  get input(): Uint8Array<ArrayBuffer> {
    return this.#input.views[this.buffer]!;
  }

  /** Whether there were more results than there is room for: the kernel keeps the rest until `wait`. */
  get isOverflown(): boolean {
    return (Atomics.load(this.#words, this.#sqFlags) & SQ_CQ_OVERFLOW) !== 0;
  }

  /** Submits what was written, which closes connections, and cancels all that waits. */
  [Symbol.dispose](): void {
    this.#enter(0);
    close(this.#fd);
    [this.#rings, this.#sqeMemory, this.#input.memory].forEach(unmap);
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
    while (this.#unsubmitted + count > this.#sqMask + 1) this.#enter(0);
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
    const at = (this.#tail & this.#sqMask) * SQE_WORDS;
    const sqes = this.#sqes;
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
    Atomics.store(this.#words, this.#sqTail, this.#tail);
    const count = libc.io_uring_enter(
      SYS_io_uring_enter,
      this.#fd,
      this.#unsubmitted,
      results,
      ENTER_GETEVENTS,
      null,
    );
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

/** Buffers that the kernel takes when input has arrived, so that a client that waits needs none. */
class InputBuffers {
  readonly memory: SharedMemory;
  readonly views: readonly Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  /** The tail, which lies in the first entry. */
  readonly #tail: Uint16Array;
  readonly #entries: Int32Array;
  readonly #mask: number;
  readonly #address: number;
  readonly #first: number;

  constructor(ring: number, { buffers, bufferBytes }: Omit<RingSizes, "operations">) {
    // SAFETY: the ring of struct io_uring_buf begins at a page, as the kernel wants it, and the buffers lie behind.
    this.#first = Math.ceil(buffers * BUF_BYTES / PAGE_BYTES) * PAGE_BYTES;
    this.memory = shareMemory(this.#first + buffers * bufferBytes);
    const { buffer, address } = this.memory;
    this.bytes = bufferBytes;
    this.views = Array.from(
      { length: buffers },
      (_, i) => new Uint8Array(buffer, this.#first + i * bufferBytes, bufferBytes),
    );
    this.#tail = new Uint16Array(buffer, TAIL_AT, 1);
    this.#entries = new Int32Array(buffer, 0, buffers * BUF_BYTES / 4);
    this.#mask = buffers - 1;
    this.#address = Number(address) + this.#first;
    const registration = new DataView(new ArrayBuffer(40)); // struct io_uring_buf_reg: address, entries, group
    registration.setBigUint64(0, address, true);
    registration.setUint32(8, buffers, true);
    const result = libc.io_uring_register(
      SYS_io_uring_register,
      ring,
      REGISTER_PBUF_RING,
      new Uint8Array(registration.buffer),
      1,
    );
    checked(result, "io_uring_register", "serve by io_uring");
    for (let i = 0; i < buffers; i++) this.release(i);
  }

  /** Gives a buffer to the kernel. */
  release(index: number): void {
    const tail = this.#tail[0]!;
    const at = (tail & this.#mask) * BUF_BYTES / 4;
    const address = this.#address + index * this.bytes;
    const entries = this.#entries;
    entries[at] = address | 0;
    entries[at + 1] = address / 2 ** 32;
    entries[at + 2] = this.bytes;
    // The upper half of the fourth word of the first entry is the tail.
    entries[at + 3] = at === 0 ? index | tail << 16 : index;
    // SAFETY: a release, so that the kernel, which reads the tail first, sees the whole entry.
    Atomics.store(this.#tail, 0, tail + 1);
  }
}

const PAGE_BYTES = 4096;
const BUF_BYTES = 16;
const TAIL_AT = 14;

/** Sets up a ring; returns its descriptor. */
function setUp(operations: number, parameters: DataView<ArrayBuffer>): number {
  parameters.setUint32(8, SETUP_FLAGS, true);
  const bytes = new Uint8Array(parameters.buffer);
  const ring = libc.io_uring_setup(SYS_io_uring_setup, operations, bytes);
  return checked(ring, "io_uring_setup", "serve by io_uring");
}

/** Sets up a ring, for a moment. Returns the error number, such as EPERM or ENOSYS, or 0. */
export function tryIoUring(): number {
  try {
    close(setUp(1, new DataView(new ArrayBuffer(PARAMETERS_BYTES))));
    return 0;
  } catch (error) {
    return (error as SystemError).errno;
  }
}
