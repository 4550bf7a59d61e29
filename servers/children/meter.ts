/**
 * The meter: what every child has done, in memory they all share (the book's `meter`, §30.6).
 *
 * Children count their clients here; whoever waits for a child that ended adds what it had used. CPU of
 * living processes is not here: their clocks can be read from outside at any time.
 *
 * @module
 */
import type { Usage } from "../posix/clocks.ts";
import type { SharedMemory } from "../posix/memory.ts";

/** A slot fills one cache line, so that children do not disturb each other by counting. */
export const SLOT_BYTES = 64;

/** The counts of a slot, in the order in which they lie there. */
const PID = 0;
const OPENED = 1;
const CLOSED = 2;
const REJECTED = 3;
const LOST = 4;
const VOLUNTARY = 5;
const INVOLUNTARY = 6;
const GIVEN = 7;

/** The CPU seconds of a slot, likewise. */
const ENDED_USER = 0;
const ENDED_SYSTEM = 1;
const READY_USER = 2;
const READY_SYSTEM = 3;

/** User and system CPU seconds. */
export type Times = Pick<Usage, "user" | "system">;

/** One child's slot; of a design with a child per client, the slot of all its children. */
export class Slot {
  readonly #counts: Int32Array;
  readonly #seconds: Float64Array;

  constructor(memory: ArrayBuffer = new ArrayBuffer(SLOT_BYTES), offset = 0) {
    this.#counts = new Int32Array(memory, offset, 8);
    this.#seconds = new Float64Array(memory, offset + 32, 4);
  }

  /** Process (of a Worker: thread) that lives here; 0: none, or several. */
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

  /** Connections done with. */
  get closed(): number {
    return Atomics.load(this.#counts, CLOSED);
  }

  /** Connections closed because of a request the service refuses. */
  get rejected(): number {
    return Atomics.load(this.#counts, REJECTED);
  }

  /** Children that died here. */
  get lost(): number {
    return Atomics.load(this.#counts, LOST);
  }

  /** Connections the parent has passed to the child, where it passes them. */
  get given(): number {
    return Atomics.load(this.#counts, GIVEN);
  }

  set given(count: number) {
    Atomics.store(this.#counts, GIVEN, count);
  }

  /** What the children that ended here had used, all together. */
  get ended(): Usage {
    return {
      user: this.#seconds[ENDED_USER]!,
      system: this.#seconds[ENDED_SYSTEM]!,
      voluntary: Atomics.load(this.#counts, VOLUNTARY),
      involuntary: Atomics.load(this.#counts, INVOLUNTARY),
    };
  }

  /** What the child living here had used when it was ready. */
  get ready(): Times {
    return { user: this.#seconds[READY_USER]!, system: this.#seconds[READY_SYSTEM]! };
  }

  set ready({ user, system }: Times) {
    this.#seconds[READY_USER] = user;
    this.#seconds[READY_SYSTEM] = system;
  }

  /** A connection was taken. */
  open(): void {
    Atomics.add(this.#counts, OPENED, 1);
  }

  /** A connection is done with. */
  close(rejected: boolean): void {
    if (rejected) Atomics.add(this.#counts, REJECTED, 1);
    Atomics.add(this.#counts, CLOSED, 1);
  }

  /** A child died here that should have lived. */
  lose(): void {
    Atomics.add(this.#counts, LOST, 1);
    // What it was doing will not be finished.
    Atomics.store(this.#counts, CLOSED, this.opened);
  }

  /** Adds what a child that ended had used. One process at a time does this for a slot. */
  add({ user, system, voluntary, involuntary }: Usage): void {
    this.#seconds[ENDED_USER]! += user;
    this.#seconds[ENDED_SYSTEM]! += system;
    Atomics.add(this.#counts, VOLUNTARY, voluntary);
    Atomics.add(this.#counts, INVOLUNTARY, involuntary);
  }
}

/** All slots of a server: one a child and one for its parent. */
export class Meter {
  readonly children: readonly Slot[];
  readonly parent: Slot;

  /** The slots in `memory`, from `offset` on. */
  constructor({ buffer }: SharedMemory, offset: number, children: number) {
    const slots = Array.from(
      { length: children + 1 },
      (_, i) => new Slot(buffer, offset + i * SLOT_BYTES),
    );
    this.parent = slots.pop()!;
    this.children = slots;
  }

  /** Room for the slots of that many children. */
  static bytes(children: number): number {
    return (children + 1) * SLOT_BYTES;
  }
}
