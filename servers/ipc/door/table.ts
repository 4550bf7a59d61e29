/**
 * What all threads behind the doors of a process share: a slot for each door, and the count of the idle
 * threads of each pool.
 *
 * @module
 */

/** Doors that a process can have at a time. */
export const MOST_DOORS = 256;

// The counts of a pool, in the order in which they lie there.
const IDLE = 0;
const STARTING = 1;
const POOL_INTS = 2;

// Those of a door, likewise. A slot fills a cache line.
const STATE = 0;
const OWN = 1;
const ENDS = 2;
const REFERENCES = 3;
const NOTICE = 4;
const SET = 5;
const ID = 6;
const PRIVATE = 7;
const DOOR_INTS = 16;

/** Where a thread notes who waits for it: on which socket, −1: nobody; and its tag, −1: it is no end of a door. */
export const CALLER_SOCKET = 0;
export const CALLER_TAG = 1;
export const CALLER_INTS = 2;

/** No descriptor is larger (fs.nr_open). */
const MOST_DESCRIPTORS = 2 ** 20;

const FREE = 0;
const LIVE = 1;
const REVOKED = 2;

/** The pool that doors share which have none of their own; that of door N is N + 1. */
export const COMMON_POOL = 0;

const DOORS_AT = Math.ceil((MOST_DOORS + 1) * POOL_INTS / DOOR_INTS) * DOOR_INTS;
const HOLDS_AT = DOORS_AT + MOST_DOORS * DOOR_INTS;
const TABLE_INTS = HOLDS_AT + MOST_DESCRIPTORS;

// What stands for a descriptor that answers may have to go over: whether its other end is closed, and how
// many threads hold it.
const HUNG_UP = 1;
const HOLD = 2;

/** When a door's procedure is told that nobody refers to it: never, once, or each time. */
export const UNREFERENCED_MODES = ["never", "once", "always"] as const;

/** One of `UNREFERENCED_MODES`. */
export type Notice = typeof UNREFERENCED_MODES[number];

/** The counts of a pool of threads. */
export class PoolCounts {
  readonly #ints: Int32Array;

  constructor(ints: Int32Array) {
    this.#ints = ints;
  }

  /** A thread waits for calls. */
  rest(): void {
    Atomics.add(this.#ints, IDLE, 1);
  }

  /** A thread stops waiting; whether it was the last one that did. */
  wake(): boolean {
    return Atomics.sub(this.#ints, IDLE, 1) === 1;
  }

  /** Says that a thread is being started; false where one is already. */
  beginStart(): boolean {
    return Atomics.exchange(this.#ints, STARTING, 1) === 0;
  }

  /** It has been, or could not be. */
  endStart(): void {
    Atomics.store(this.#ints, STARTING, 0);
  }
}

/** A door, as its own process knows it. */
export class DoorSlot {
  readonly #ints: Int32Array;
  /** Its place in the table. */
  readonly index: number;

  constructor(ints: Int32Array, index: number) {
    this.#ints = ints;
    this.index = index;
  }

  /** Takes the slot for a new door; false where it is in use. */
  claim(own: number, notice: Notice, isPrivate: boolean): boolean {
    if (Atomics.compareExchange(this.#ints, STATE, FREE, LIVE) !== FREE) return false;
    this.#ints[OWN] = own;
    this.#ints[ENDS] = this.#ints[REFERENCES] = 0;
    this.#ints[NOTICE] = UNREFERENCED_MODES.indexOf(notice);
    this.#ints[ID]! += 1;
    this.#ints[PRIVATE] = isPrivate ? 1 : 0;
    return true;
  }

  get isLive(): boolean {
    return Atomics.load(this.#ints, STATE) === LIVE;
  }

  /** Ends the door; the slot is free again once its last descriptor is closed. */
  revoke(): void {
    Atomics.store(this.#ints, OWN, -1);
    Atomics.store(this.#ints, STATE, REVOKED);
    if (Atomics.load(this.#ints, ENDS) === 0) this.#free();
  }

  /** The descriptor its process knows it by. */
  get own(): number {
    return this.isLive ? Atomics.load(this.#ints, OWN) : -1;
  }

  /** The descriptors that its pool waits for, as a `OneShotEpoll`. */
  get set(): number {
    return this.#ints[SET]!;
  }

  set set(set: number) {
    this.#ints[SET] = set;
  }

  /** A number that no other door of this process has, or had. */
  get id(): number {
    return this.#ints[ID]! * MOST_DOORS + this.index;
  }

  get notice(): Notice {
    return UNREFERENCED_MODES[Atomics.load(this.#ints, NOTICE)]!;
  }

  get isPrivate(): boolean {
    return this.#ints[PRIVATE] === 1;
  }

  /** The pool has a descriptor more to wait for; with `isReference`, someone refers to the door by it. */
  opened(isReference: boolean): void {
    Atomics.add(this.#ints, ENDS, 1);
    if (isReference) Atomics.add(this.#ints, REFERENCES, 1);
  }

  /** One less; whether somebody did refer to the door, and nobody does now. */
  closed(isReference: boolean): boolean {
    const wasLast = isReference && Atomics.sub(this.#ints, REFERENCES, 1) === 1;
    if (Atomics.sub(this.#ints, ENDS, 1) === 1) this.#free();
    return wasLast && this.isLive;
  }

  #free(): void {
    Atomics.compareExchange(this.#ints, STATE, REVOKED, FREE);
  }

  /** Whether the procedure is to be told now that nobody refers to the door. */
  claimUnreferenced(): boolean {
    if (!this.isLive || Atomics.load(this.#ints, REFERENCES) > 0) return false;
    const once = UNREFERENCED_MODES.indexOf("once");
    return Atomics.compareExchange(this.#ints, NOTICE, once, 0) === once ||
      this.notice === "always";
  }
}

/** The doors and pools of a process, over memory that its threads share. */
export class Table {
  readonly memory: SharedArrayBuffer;
  readonly doors: readonly DoorSlot[];
  readonly #holds: Int32Array;

  constructor(memory = new SharedArrayBuffer(4 * TABLE_INTS)) {
    this.memory = memory;
    this.doors = Array.from(
      { length: MOST_DOORS },
      (_, i) => new DoorSlot(new Int32Array(memory, 4 * (DOORS_AT + i * DOOR_INTS), DOOR_INTS), i),
    );
    this.#holds = new Int32Array(memory, 4 * HOLDS_AT, MOST_DESCRIPTORS);
  }

  /** The counts of a pool. */
  pool(index: number): PoolCounts {
    return new PoolCounts(new Int32Array(this.memory, 4 * index * POOL_INTS, POOL_INTS));
  }

  /** The door that this process knows by that descriptor. */
  find(descriptor: number): DoorSlot | undefined {
    return descriptor < 0 ? undefined : this.doors.find((door) => door.own === descriptor);
  }

  /** Keeps a connection open until an answer has gone over it, whatever another thread finds. */
  hold(connection: number): void {
    Atomics.add(this.#holds, connection, HOLD);
  }

  /** Holds it no longer; whether it is to be closed now. */
  release(connection: number): boolean {
    const isLast = Atomics.sub(this.#holds, connection, HOLD) === HOLD + HUNG_UP;
    if (isLast) Atomics.store(this.#holds, connection, 0);
    return isLast;
  }

  /** Its other end is closed; whether it is to be closed now, and not by who holds it. */
  hangUp(connection: number): boolean {
    const isFree = Atomics.or(this.#holds, connection, HUNG_UP) === 0;
    if (isFree) Atomics.store(this.#holds, connection, 0);
    return isFree;
  }
}
