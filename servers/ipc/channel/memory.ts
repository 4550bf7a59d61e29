/**
 * A channel's memory, which the threads of its process share: a file whose descriptor is the channel's
 * number, so that knowing the number is enough.
 *
 * It holds a mutex for those who receive, a row for each descriptor the channel watches, and a row for
 * each message that is waiting or has not been replied to, with room for its bytes.
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

/** Messages that may wait or be unanswered in one channel. Others wait in their senders' sockets. */
export const SLOTS = 4096;

/** Descriptors one channel may watch: its clients above all. */
export const ENDS = 4096;

/** The numbers in the header. */
export const Header = {
  magic: 0,
  /** The process whose channel it is. */
  pid: 1,
  flags: 2,
  isDestroyed: 3,
  /** Descriptor of the set of all that it watches. */
  set: 4,
  /** Descriptor of the socket that clients connect to. */
  listener: 5,
  /** What tells of the ends of its threads. */
  exitKey: 6,
  /** The last number given to a client process, or connection. */
  lastNumber: 7,
  /** Messages that wait. */
  queued: 8,
  /** Rows below which all that are in use lie. */
  slotsUsed: 9,
  endsUsed: 10,
  /** Where to look for a free row first. */
  slotHint: 12,
  /** Whether clients are left waiting in the listener for want of descriptors. */
  isStarved: 11,
} as const;

/** The numbers of a watched descriptor. */
export const End = {
  /** How many need it: the channel, and a message that is to be replied to. At 0 the row is free. */
  uses: 0,
  /** One of `EndKind`. */
  kind: 1,
  descriptor: 2,
  /** The process, or thread, at the other end. */
  pid: 3,
  /** The number the channel has given that process. */
  scoid: 4,
  /** The number the channel has given this connection, and gives no other. */
  connection: 5,
  isGone: 6,
} as const;

/** What a watched descriptor is. */
export const EndKind = { listener: 1, client: 2, thread: 3, attached: 4 } as const;

/** One of `EndKind`. */
export type EndKind = typeof EndKind[keyof typeof EndKind];

/** The numbers of a message; the first of a request's header is at `request`. */
export const Slot = {
  state: 0,
  /** Changes with each message, so that nobody replies to one that was here before. */
  generation: 1,
  /** Row of the client's connection; −1: none, a pulse of the system's. */
  end: 2,
  /** The file that holds its bytes; −1: they are here. */
  file: 3,
  /** The file that holds its reply as far as it is written; −1: none. */
  reply: 4,
  replyLength: 5,
  /** The process that sent it, and the numbers the channel has given that and the connection. */
  pid: 6,
  scoid: 7,
  connection: 8,
  request: 10,
} as const;

/** What a message is waiting for. */
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

  /** Adds to a number; what it is then is the result. */
  add(row: number, column: number, value: number): number {
    return Atomics.add(this.#numbers, row * this.#width + column, value) + value;
  }

  /** Changes a number where it is as expected; whether it was. */
  swap(row: number, column: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#numbers, row * this.#width + column, from, to) === from;
  }

  /** Several numbers of a row, to be copied from or into. */
  part(row: number, column: number, count: number): Int32Array<ArrayBuffer> {
    const at = row * this.#width + column;
    return this.#numbers.subarray(at, at + count);
  }
}

const HEADER_NUMBERS = 16;
const END_NUMBERS = 8;
const SLOT_NUMBERS = 20;
const STAMP = (Slot.request + Request.stamp) / 2; // in float64s
const MUTEX_AT = 64;
const ENDS_AT = MUTEX_AT + Mutex.BYTES;
const SLOTS_AT = ENDS_AT + 4 * ENDS * END_NUMBERS;
const BODIES_AT = SLOTS_AT + 4 * SLOTS * SLOT_NUMBERS;
const BYTES = BODIES_AT + SLOTS * BODY_BYTES;
const PAGE = 4096;
const MAGIC = 0x48435431;

/** The memory of one channel, as one thread sees it. */
export class ChannelMemory {
  readonly #memory: SharedMemory;
  readonly #header: Rows;
  readonly #stamps: Float64Array;
  readonly mutex: Mutex;
  readonly ends: Rows;
  readonly slots: Rows;

  /** Makes the memory of a new channel; the channel's number is the descriptor of its file. */
  static create(): { chid: number; memory: ChannelMemory } {
    const chid = createMemfd("herd-channel", BYTES);
    const memory = new ChannelMemory(chid);
    Mutex.create(memory.#memory.address + BigInt(MUTEX_AT), "processes");
    memory.set(Header.magic, MAGIC);
    memory.set(Header.pid, getpid());
    for (const field of [Header.set, Header.listener, Header.exitKey]) memory.set(field, -1);
    return { chid, memory };
  }

  /** The memory of a channel of this process; undefined where there is none of that number. */
  static find(chid: number): ChannelMemory | undefined {
    const header = new Int32Array(HEADER_NUMBERS);
    try {
      if (preadFull(chid, new Uint8Array(header.buffer)) < 4 * HEADER_NUMBERS) return undefined;
    } catch {
      return undefined; // no descriptor, or none of a file
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

  /** When the message was sent, in nanoseconds. */
  stamp(slot: number): number {
    return this.#stamps[slot * SLOT_NUMBERS / 2 + STAMP]!;
  }

  setStamp(slot: number, nanoseconds: number): void {
    this.#stamps[slot * SLOT_NUMBERS / 2 + STAMP] = nanoseconds;
  }

  /** The header of the message as it was sent. */
  request(slot: number): Int32Array<ArrayBuffer> {
    return this.slots.part(slot, Slot.request, REQUEST_BYTES / 4);
  }

  /** Room for the message's bytes. */
  body(slot: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, BODIES_AT + slot * BODY_BYTES, BODY_BYTES);
  }

  /** Gives all but the header back to the system, once nobody uses it any more. */
  discard(): void {
    discard(this.#memory, PAGE);
  }
}
