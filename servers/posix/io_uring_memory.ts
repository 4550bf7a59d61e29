/**
 * What a ring of io_uring(7) shares with the kernel: the rings themselves, and buffers for input.
 *
 * @module
 */
import { checked, type SystemError } from "./errors.ts";
import { close } from "./io.ts";
import { libc } from "./libc.ts";
import { mapFile, type SharedMemory, shareMemory, unmap } from "./memory.ts";

// The same numbers on every architecture.
const SYS_io_uring_setup = 425;
const SYS_io_uring_register = 427;

// Flags of io_uring_setup(2).
const SUBMIT_ALL = 1 << 7;
const COOP_TASKRUN = 1 << 8;
const SINGLE_ISSUER = 1 << 12;
const DEFER_TASKRUN = 1 << 13; // Linux 6.1

/** Results are written only while this thread waits for some, not by an interruption of what it does. */
const SETUP_FLAGS = SUBMIT_ALL | COOP_TASKRUN | SINGLE_ISSUER | DEFER_TASKRUN;

const REGISTER_PBUF_RING = 22;
const OFF_SQES = 0x10000000n;
const PARAMETERS_BYTES = 120;

/** Words of an operation (struct io_uring_sqe), and of a result (struct io_uring_cqe). */
export const SQE_WORDS = 16;
export const CQE_WORDS = 4;

const PAGE_BYTES = 4096;
const BUF_BYTES = 16;
const TAIL_AT = 14;

/** The rings of operations and results. */
export class RingMemory implements Disposable {
  readonly fd: number;
  /** Heads, tails and results. */
  readonly words: Int32Array;
  readonly operations: Int32Array;
  // Places in `words`.
  readonly sqTail: number;
  readonly sqFlags: number;
  readonly cqHead: number;
  readonly cqTail: number;
  readonly cqes: number;
  // The numbers of operations and results are powers of two.
  readonly sqMask: number;
  readonly cqMask: number;
  readonly #mappings: readonly SharedMemory[];

  /** @throws {SystemError} EPERM or ENOSYS where io_uring is forbidden, EINVAL before Linux 6.1. */
  constructor(operations: number) {
    const parameters = new DataView(new ArrayBuffer(PARAMETERS_BYTES)); // struct io_uring_params
    this.fd = setUp(operations, parameters);
    const field = (at: number) => parameters.getUint32(at, true);
    const [sqEntries, cqEntries] = [field(0), field(4)];
    // struct io_sqring_offsets at 40, struct io_cqring_offsets at 80: head, tail, mask, entries, flags or overflow …
    const [sqTail, sqFlags, sqArray] = [field(44), field(56), field(64)];
    const [cqHead, cqTail, cqes] = [field(80), field(84), field(100)];
    const bytes = Math.max(sqArray + 4 * sqEntries, cqes + 4 * CQE_WORDS * cqEntries);
    // SAFETY: both rings are one mapping since Linux 5.4 (IORING_FEAT_SINGLE_MMAP). Its offsets are those that the
    // kernel has just given, and it lasts until this is disposed of, after which nothing reads it.
    const rings = mapFile(this.fd, bytes, 0n);
    const sqes = mapFile(this.fd, 4 * SQE_WORDS * sqEntries, OFF_SQES);
    this.#mappings = [rings, sqes];
    this.words = new Int32Array(rings.buffer, 0, bytes >> 2);
    this.operations = new Int32Array(sqes.buffer);
    [this.sqTail, this.sqFlags] = [sqTail >> 2, sqFlags >> 2];
    [this.cqHead, this.cqTail, this.cqes] = [cqHead >> 2, cqTail >> 2, cqes >> 2];
    [this.sqMask, this.cqMask] = [sqEntries - 1, cqEntries - 1];
    // Operation i is always at place i of the array.
    for (let i = 0; i < sqEntries; i++) this.words[(sqArray >> 2) + i] = i;
  }

  [Symbol.dispose](): void {
    close(this.fd);
    this.#mappings.forEach(unmap);
  }
}

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

/** Buffers that the kernel takes when input has arrived, so that a client that waits needs none. */
export class InputBuffers implements Disposable {
  readonly #memory: SharedMemory;
  readonly views: readonly Uint8Array<ArrayBuffer>[];
  readonly bytes: number;
  /** The tail, which lies in the first entry. */
  readonly #tail: Uint16Array;
  readonly #entries: Int32Array;
  readonly #mask: number;
  readonly #address: number;
  readonly #first: number;

  constructor(ring: number, buffers: number, bufferBytes: number) {
    // SAFETY: the ring of struct io_uring_buf begins at a page, as the kernel wants it, and the buffers lie behind.
    this.#first = Math.ceil(buffers * BUF_BYTES / PAGE_BYTES) * PAGE_BYTES;
    this.#memory = shareMemory(this.#first + buffers * bufferBytes);
    const { buffer, address } = this.#memory;
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

  /** To be called when the ring is closed. */
  [Symbol.dispose](): void {
    unmap(this.#memory);
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
