/**
 * The memory of a channel, shared by the threads of its process: a file in memory, whose descriptor is the
 * channel's number. A thread that knows the number can map it.
 *
 * It contains a mutex for receiving threads, a row for each descriptor that the channel polls, and a row for
 * each message that is queued or not replied to, with space for its bytes.
 *
 * @module
 */
import { Mutex } from "../../locks/mutex.ts";
import {
  createMemfd,
  discard,
  mapMemfd,
  preadFull,
  type SharedMemory,
} from "../../posix/memory.ts";
import { getpid } from "../../posix/processes.ts";
import { BODY_BYTES, Request, REQUEST_BYTES } from "./packet.ts";

/** Maximum number of queued and unanswered messages of a channel. More wait in their senders' sockets. */
export const SLOTS = 4096;

/** Maximum number of descriptors that a channel polls, mostly clients. */
export const ENDS = 4096;

/** Indices of the header's numbers. */
export const Header = {
  magic: 0,
  /** The process that created the channel. */
  pid: 1,
  flags: 2,
  isDestroyed: 3,
  /** Descriptor of its epoll instance. */
  epoll: 4,
  /** Descriptor of the socket that clients connect to. */
  listener: 5,
  /** A `ThreadExitKey`, to detect the end of its threads; −1: none. */
  exitKey: 6,
  /** The last number given to a client process or connection. */
  lastNumber: 7,
  /** Number of queued messages. */
  queued: 8,
  /** All rows in use are below these. */
  slotsUsed: 9,
  endsUsed: 10,
  /** The row at which the search for a free row starts. */
  slotHint: 12,
  /** Whether listeners are not polled for want of descriptors. */
  isAcceptPaused: 11,
} as const;

/** Indices of the numbers of a polled descriptor. */
export const End = {
  /** Number of uses: the channel, and a message that must be replied to. 0: the row is free. */
  uses: 0,
  /** One of `EndKind`. */
  kind: 1,
  descriptor: 2,
  /** The peer's process, or the thread. */
  pid: 3,
  /** The channel's number for that process. */
  scoid: 4,
  /** The channel's unique number for the connection. */
  connection: 5,
  isGone: 6,
  /** Number of its messages and pulses that are queued. */
  queued: 7,
  /** Whether it waits for a reply. */
  isWaiting: 8,
} as const;

/** Kinds of polled descriptors. */
export const EndKind = { listener: 1, client: 2, thread: 3, attached: 4 } as const;

/** One of `EndKind`. */
export type EndKind = typeof EndKind[keyof typeof EndKind];

/** Indices of the numbers of a message. The header of the request starts at `request`. */
export const Slot = {
  state: 0,
  /** Incremented with each message, so that a late reply to a previous one is detected. */
  generation: 1,
  /** Row of the client's connection; −1: a pulse of the system. */
  end: 2,
  /** Descriptor of the file with its bytes; −1: they are in this memory. */
  file: 3,
  /** Descriptor of the file with the reply written so far; −1: none. */
  reply: 4,
  replyLength: 5,
  /** The sender's process, and the channel's numbers for it and for the connection. */
  pid: 6,
  scoid: 7,
  connection: 8,
  request: 10,
} as const;

/** States of a message. */
export const SlotState = { free: 0, queued: 1, received: 2, replying: 3 } as const;

/** Rows of numbers in shared memory. */
export class Rows {
  readonly #numbers: Int32Array<ArrayBuffer>;
  readonly #width: number;

  constructor(memory: ArrayBuffer, at: number, count: number, width: number) {
    this.#numbers = new Int32Array(memory, at, count * width);
    this.#width = width;
  }

  get(row: number, column: number): number {
    return Atomics.load(this.#numbers, row * this.#width + column);
  }

  set(row: number, column: number, value: number): void {
    Atomics.store(this.#numbers, row * this.#width + column, value);
  }

  /** Adds to a number and returns the sum. */
  add(row: number, column: number, value: number): number {
    return Atomics.add(this.#numbers, row * this.#width + column, value) + value;
  }

  /** Replaces a number if it has the expected value; returns whether it had. */
  swap(row: number, column: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#numbers, row * this.#width + column, from, to) === from;
  }

  /** A view of several numbers of a row. */
  part(row: number, column: number, count: number): Int32Array<ArrayBuffer> {
    const at = row * this.#width + column;
    return this.#numbers.subarray(at, at + count);
  }
}

const HEADER_NUMBERS = 16;
const END_NUMBERS = 10;
const SLOT_NUMBERS = 20;
const STAMP = (Slot.request + Request.stamp) / 2; // in float64s
const MUTEX_AT = 64;
const ENDS_AT = MUTEX_AT + Mutex.BYTES;
const SLOTS_AT = ENDS_AT + 4 * ENDS * END_NUMBERS;
const BODIES_AT = SLOTS_AT + 4 * SLOTS * SLOT_NUMBERS;
const BYTES = BODIES_AT + SLOTS * BODY_BYTES;
const PAGE = 4096;
const MAGIC = 0x48435431;

/** One thread's view of a channel's memory. */
export class ChannelMemory {
  readonly #memory: SharedMemory;
  readonly #header: Rows;
  readonly #stamps: Float64Array;
  readonly mutex: Mutex;
  readonly ends: Rows;
  readonly slots: Rows;

  /** Creates the memory of a new channel. */
  static create(): { chid: number; memory: ChannelMemory } {
    const chid = createMemfd("herd-channel", BYTES);
    const memory = new ChannelMemory(chid);
    Mutex.create(memory.#memory.address + BigInt(MUTEX_AT), "processes");
    memory.set(Header.magic, MAGIC);
    memory.set(Header.pid, getpid());
    for (const field of [Header.epoll, Header.listener, Header.exitKey]) memory.set(field, -1);
    return { chid, memory };
  }

  /** Maps the memory of a channel of this process; undefined if there is none with that number. */
  static find(chid: number): ChannelMemory | undefined {
    const header = new Int32Array(HEADER_NUMBERS);
    try {
      if (preadFull(chid, new Uint8Array(header.buffer)) < 4 * HEADER_NUMBERS) return undefined;
    } catch {
      return undefined; // not a descriptor, or not of a file
    }
    const isOurs = header[Header.magic] === MAGIC && header[Header.pid] === getpid();
    return isOurs ? new ChannelMemory(chid) : undefined;
  }

  private constructor(chid: number) {
    const memory = this.#memory = mapMemfd(chid, BYTES);
    this.#header = new Rows(memory.buffer, 0, 1, HEADER_NUMBERS);
    this.mutex = new Mutex(memory.address + BigInt(MUTEX_AT));
    this.ends = new Rows(memory.buffer, ENDS_AT, ENDS, END_NUMBERS);
    this.slots = new Rows(memory.buffer, SLOTS_AT, SLOTS, SLOT_NUMBERS);
    this.#stamps = new Float64Array(memory.buffer, SLOTS_AT, SLOTS * SLOT_NUMBERS / 2);
  }

  get(field: number): number {
    return this.#header.get(0, field);
  }

  set(field: number, value: number): void {
    this.#header.set(0, field, value);
  }

  add(field: number, value: number): number {
    return this.#header.add(0, field, value);
  }

  /** Time at which the message was sent, in nanoseconds. */
  stamp(slot: number): number {
    return this.#stamps[slot * SLOT_NUMBERS / 2 + STAMP]!;
  }

  setStamp(slot: number, nanoseconds: number): void {
    this.#stamps[slot * SLOT_NUMBERS / 2 + STAMP] = nanoseconds;
  }

  /** The request's header, as sent. */
  request(slot: number): Int32Array<ArrayBuffer> {
    return this.slots.part(slot, Slot.request, REQUEST_BYTES / 4);
  }

  /** Space for the message's bytes. */
  body(slot: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, BODIES_AT + slot * BODY_BYTES, BODY_BYTES);
  }

  /** Frees all memory but the header, when it is not used any more. */
  discard(): void {
    discard(this.#memory, PAGE);
  }
}
