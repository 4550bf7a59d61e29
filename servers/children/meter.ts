/**
 * The meter: the counts of every child, in memory that they all share (the book's `meter`, §30.6).
 *
 * Children count their clients here; the process that waits for an ended child adds its CPU time. The CPU
 * time of living processes is not here: their clocks can be read from outside at any time.
 *
 * @module
 */
import type { Usage } from "../posix/clocks.ts";
import type { SharedMemory } from "../posix/memory.ts";

/** A slot has cache lines of its own, so that counting children do not slow each other down. */
export const SLOT_BYTES = 128;

/** Offsets of the counts in a slot. */
const PID = 0;
const OPENED = 1;
const CLOSED = 2;
const REJECTED = 3;
const LOST = 4;
const VOLUNTARY = 5;
const REQUESTS = 6;
const GIVEN = 7;
const INVOLUNTARY = 16;
const SHORTAGES = 17;
const FIRST_LACK = 18;
const EMPTY_ACCEPTS = 19;

/** Offsets of the CPU seconds, likewise. */
const ENDED_USER = 0;
const ENDED_SYSTEM = 1;
const READY_USER = 2;
const READY_SYSTEM = 3;

/** User and system CPU seconds. */
export type Times = Pick<Usage, "user" | "system">;

/** The slot of one child or, in a design with a child per client, of all children. */
export class Slot {
  readonly #counts: Int32Array;
  readonly #seconds: Float64Array;
  readonly #isShared: boolean;

  /** `isShared`: several processes or threads count connections in it at the same time. */
  constructor(memory: ArrayBuffer = new ArrayBuffer(SLOT_BYTES), offset = 0, isShared = false) {
    this.#isShared = isShared;
    this.#counts = new Int32Array(memory, offset, SLOT_BYTES / 4);
    this.#seconds = new Float64Array(memory, offset + 32, 4);
  }

  /** Number of the process (of a Worker: thread) that has this slot; 0: none, or several. */
  get pid(): number {
    return Atomics.load(this.#counts, PID);
  }

  set pid(pid: number) {
    Atomics.store(this.#counts, PID, pid);
  }

  /** Connections taken. */
  get opened(): number {
    return Atomics.load(this.#counts, OPENED);
  }

  /** Connections closed. */
  get closed(): number {
    return Atomics.load(this.#counts, CLOSED);
  }

  /** Connections closed because the service refused a request. */
  get rejected(): number {
    return Atomics.load(this.#counts, REJECTED);
  }

  /** Requests on the connections that are closed. */
  get requests(): number {
    return Atomics.load(this.#counts, REQUESTS);
  }

  /** Calls of accept that found no connection. */
  get emptyAccepts(): number {
    return Atomics.load(this.#counts, EMPTY_ACCEPTS);
  }

  /** Children of this slot that died. */
  get lost(): number {
    return Atomics.load(this.#counts, LOST);
  }

  /** Connections that the parent has passed to the child, in a design that passes them. */
  get given(): number {
    return this.#counts[GIVEN]!;
  }

  set given(count: number) {
    this.#counts[GIVEN] = count;
  }

  /** Calls that failed for lack of processes, descriptors or memory; counted in the parent's slot for all. */
  get shortages(): number {
    return Atomics.load(this.#counts, SHORTAGES);
  }

  /** Error number of the first of them since `forgetLack`; 0: none. */
  get firstLack(): number {
    return Atomics.load(this.#counts, FIRST_LACK);
  }

  /** A call failed with that error number for lack of something. */
  lack(errno: number): void {
    Atomics.compareExchange(this.#counts, FIRST_LACK, 0, errno);
    Atomics.add(this.#counts, SHORTAGES, 1);
  }

  /** The next shortage will be the first one. */
  forgetLack(): void {
    Atomics.store(this.#counts, FIRST_LACK, 0);
  }

  /** Resource usage of all children of this slot that have ended. */
  get ended(): Usage {
    return {
      user: this.#seconds[ENDED_USER]!,
      system: this.#seconds[ENDED_SYSTEM]!,
      voluntary: Atomics.load(this.#counts, VOLUNTARY),
      involuntary: Atomics.load(this.#counts, INVOLUNTARY),
    };
  }

  /** CPU time of the child when it was ready. */
  get ready(): Times {
    return { user: this.#seconds[READY_USER]!, system: this.#seconds[READY_SYSTEM]! };
  }

  set ready({ user, system }: Times) {
    this.#seconds[READY_USER] = user;
    this.#seconds[READY_SYSTEM] = system;
  }

  /** A connection was taken. */
  open(): void {
    this.#add(OPENED, 1);
  }

  /** A connection was closed after so many requests. */
  close(rejected: boolean, requests: number): void {
    if (rejected) this.#add(REJECTED, 1);
    this.#add(REQUESTS, requests);
    this.#add(CLOSED, 1);
  }

  /** V8 calls a function for an atomic addition, which takes 0.1 µs in a process that was just woken. */
  #add(count: number, number: number): void {
    if (this.#isShared) Atomics.add(this.#counts, count, number);
    else this.#counts[count]! += number;
  }

  /** A call of accept found no connection. */
  foundNone(): void {
    Atomics.add(this.#counts, EMPTY_ACCEPTS, 1);
  }

  /** A child died, and with it connections that were not closed. */
  lose(unfinished = this.opened - this.closed): void {
    Atomics.add(this.#counts, LOST, 1);
    Atomics.add(this.#counts, CLOSED, unfinished);
  }

  /** Adds the usage of a child that has ended. Only one process may do this for a slot. */
  add({ user, system, voluntary, involuntary }: Usage): void {
    this.#seconds[ENDED_USER]! += user;
    this.#seconds[ENDED_SYSTEM]! += system;
    Atomics.add(this.#counts, VOLUNTARY, voluntary);
    Atomics.add(this.#counts, INVOLUNTARY, involuntary);
  }
}

/** All slots of a server: one for each child and one for the parent. */
export class Meter {
  readonly children: readonly Slot[];
  readonly parent: Slot;

  /** The slots in `memory`, starting at `offset`; `isShared` as of a slot. */
  constructor({ buffer }: SharedMemory, offset: number, children: number, isShared = false) {
    const slots = Array.from(
      { length: children + 1 },
      (_, i) => new Slot(buffer, offset + i * SLOT_BYTES, isShared),
    );
    this.parent = slots.pop()!;
    this.children = slots;
  }

  /** Size of the slots of that many children. */
  static bytes(children: number): number {
    return (children + 1) * SLOT_BYTES;
  }
}
