/**
 * The meter: what every child has done, in memory they all share (the book's `meter`, §30.6).
 *
 * Children count their clients here; whoever waits for a child that ended adds what it had used. CPU of
 * living processes is not here: their clocks can be read from outside at any time.
 *
 * @module
 */
import type { Usage } from "../posix/clocks.ts";
import { memoryAt, type SharedMemory, shareMemory } from "../posix/memory.ts";

/** A slot fills one cache line, so that children do not disturb each other by counting. */
const SLOT_BYTES = 64;

/** One child's slot; of a design with a child per client, the slot of all its children. */
export class Slot {
  readonly #counts: Int32Array;
  readonly #seconds: Float64Array;

  constructor(memory: ArrayBuffer, offset: number) {
    this.#counts = new Int32Array(memory, offset, 8);
    this.#seconds = new Float64Array(memory, offset + 32, 4);
  }

  /** Process (of a Worker: thread) that lives here; 0: none, or several. */
  get pid(): number {
    return Atomics.load(this.#counts, 0);
  }

  set pid(pid: number) {
    Atomics.store(this.#counts, 0, pid);
  }

  /** Connections taken. */
  get opened(): number {
    return Atomics.load(this.#counts, 1);
  }

  /** Connections done with. */
  get closed(): number {
    return Atomics.load(this.#counts, 2);
  }

  /** Connections closed because of a request the service refuses. */
  get rejected(): number {
    return Atomics.load(this.#counts, 3);
  }

  /** Children that died here. */
  get lost(): number {
    return Atomics.load(this.#counts, 4);
  }

  /** What the children that ended here had used, all together. */
  get ended(): Usage {
    return {
      user: this.#seconds[0]!,
      system: this.#seconds[1]!,
      voluntary: Atomics.load(this.#counts, 5),
      involuntary: Atomics.load(this.#counts, 6),
    };
  }

  /** User and system CPU seconds the child living here had used when it was ready. */
  get ready(): Pick<Usage, "user" | "system"> {
    return { user: this.#seconds[2]!, system: this.#seconds[3]! };
  }

  set ready({ user, system }: Pick<Usage, "user" | "system">) {
    this.#seconds[2] = user;
    this.#seconds[3] = system;
  }

  /** A connection was taken. */
  open(): void {
    Atomics.add(this.#counts, 1, 1);
  }

  /** A connection is done with. */
  close(rejected: boolean): void {
    if (rejected) Atomics.add(this.#counts, 3, 1);
    Atomics.add(this.#counts, 2, 1);
  }

  /** A child died here that should have lived. */
  lose(): void {
    Atomics.add(this.#counts, 4, 1);
    // What it was doing will not be finished.
    Atomics.store(this.#counts, 2, this.opened);
  }

  /** Adds what a child that ended had used. One process at a time does this for a slot. */
  add({ user, system, voluntary, involuntary }: Usage): void {
    this.#seconds[0]! += user;
    this.#seconds[1]! += system;
    Atomics.add(this.#counts, 5, voluntary);
    Atomics.add(this.#counts, 6, involuntary);
  }
}

/** All slots of a server: one a child and one for its parent. */
export class Meter {
  readonly children: readonly Slot[];
  readonly parent: Slot;
  readonly address: bigint;

  private constructor({ buffer, address }: SharedMemory, children: number) {
    this.address = address;
    const slots = Array.from(
      { length: children + 1 },
      (_, i) => new Slot(buffer, i * SLOT_BYTES),
    );
    this.parent = slots.pop()!;
    this.children = slots;
  }

  /** Memory for that many children. Make it before the fork. */
  static create(children: number): Meter {
    return new Meter(shareMemory((children + 1) * SLOT_BYTES), children);
  }

  /** The meter another thread of this process made. */
  static at(address: bigint, children: number): Meter {
    return new Meter(memoryAt(address, (children + 1) * SLOT_BYTES), children);
  }
}
