/**
 * The memory shared by the manager and the threads of a process's doors: a slot per door, the counts of each
 * pool, and the state of connections.
 *
 * @module
 */

/** Maximum number of doors of a process. */
export const MAX_DOORS = 256;

// Indices of a pool's counts.
const IDLE = 0;
const STARTING = 1;
const POOL_INTS = 2;

// Indices of a door's numbers. A slot fills a cache line.
const STATE = 0;
const OWN = 1;
const ENDS = 2;
const REFERENCES = 3;
const UNREFERENCED = 4;
const EPOLL = 5;
const ID = 6;
const PRIVATE = 7;
const DOOR_INTS = 16;

/**
 * Indices of the caller that waits for a thread: its socket (−1: none), and the socket's tag (−1: not polled
 * by the pool).
 */
export const CALLER_SOCKET = 0;
export const CALLER_TAG = 1;
export const CALLER_INTS = 2;

/** Upper bound of descriptors (fs.nr_open). */
const MAX_DESCRIPTORS = 2 ** 20;

const FREE = 0;
const LIVE = 1;
const REVOKED = 2;

/** Index of the common pool; the private pool of door N has index N + 1. */
export const COMMON_POOL = 0;

const DOORS_AT = Math.ceil((MAX_DOORS + 1) * POOL_INTS / DOOR_INTS) * DOOR_INTS;
const HOLDS_AT = DOORS_AT + MAX_DOORS * DOOR_INTS;
const TABLE_INTS = HOLDS_AT + MAX_DESCRIPTORS;

// State of a connection: a flag if the peer has hung up, plus HOLD for each thread that will reply over it.
const HUNG_UP = 1;
const HOLD = 2;

/** When a door's procedure is called because the door has become unreferenced. */
const UNREFERENCED_MODES = ["never", "once", "always"] as const;

/** One of `UNREFERENCED_MODES`. */
export type UnreferencedMode = typeof UNREFERENCED_MODES[number];

/** The counts of a pool of threads. */
export class PoolCounts {
  readonly #ints: Int32Array;

  constructor(ints: Int32Array) {
    this.#ints = ints;
  }

  /** A thread begins to wait for calls. */
  markIdle(): void {
    Atomics.add(this.#ints, IDLE, 1);
  }

  /** A thread stops waiting; returns whether it was the last idle thread. */
  markBusy(): boolean {
    return Atomics.sub(this.#ints, IDLE, 1) === 1;
  }

  /** Marks that a thread is being started; false if one is being started already. */
  beginStart(): boolean {
    return Atomics.exchange(this.#ints, STARTING, 1) === 0;
  }

  /** The thread has started, or could not be. */
  endStart(): void {
    Atomics.store(this.#ints, STARTING, 0);
  }
}

/** The slot of a door. */
export class DoorSlot {
  readonly #ints: Int32Array;
  /** Its index in the table. */
  readonly index: number;

  constructor(ints: Int32Array, index: number) {
    this.#ints = ints;
    this.index = index;
  }

  /** Claims the slot for a new door; false if it is in use. */
  claim(own: number, unreferencedMode: UnreferencedMode, isPrivate: boolean): boolean {
    if (Atomics.compareExchange(this.#ints, STATE, FREE, LIVE) !== FREE) return false;
    this.#ints[OWN] = own;
    this.#ints[ENDS] = this.#ints[REFERENCES] = 0;
    this.#ints[UNREFERENCED] = UNREFERENCED_MODES.indexOf(unreferencedMode);
    this.#ints[ID]! += 1;
    this.#ints[PRIVATE] = isPrivate ? 1 : 0;
    return true;
  }

  get isLive(): boolean {
    return Atomics.load(this.#ints, STATE) === LIVE;
  }

  /** Revokes the door; the slot is free again when its last descriptor is closed. */
  revoke(): void {
    Atomics.store(this.#ints, OWN, -1);
    Atomics.store(this.#ints, STATE, REVOKED);
    if (Atomics.load(this.#ints, ENDS) === 0) this.#free();
  }

  /** The door's descriptor in its own process; −1 after it was revoked. */
  get own(): number {
    return this.isLive ? Atomics.load(this.#ints, OWN) : -1;
  }

  /** Descriptor of its pool's epoll instance. */
  get epoll(): number {
    return this.#ints[EPOLL]!;
  }

  set epoll(epoll: number) {
    this.#ints[EPOLL] = epoll;
  }

  /** A number that no other door of this process has or had. */
  get id(): number {
    return this.#ints[ID]! * MAX_DOORS + this.index;
  }

  get unreferencedMode(): UnreferencedMode {
    return UNREFERENCED_MODES[Atomics.load(this.#ints, UNREFERENCED)]!;
  }

  get isPrivate(): boolean {
    return this.#ints[PRIVATE] === 1;
  }

  /** Counts a descriptor added to the pool; `isReference`: its peer references the door. */
  opened(isReference: boolean): void {
    Atomics.add(this.#ints, ENDS, 1);
    if (isReference) Atomics.add(this.#ints, REFERENCES, 1);
  }

  /** Counts a closed descriptor; returns whether the door has become unreferenced. */
  closed(isReference: boolean): boolean {
    const wasLast = isReference && Atomics.sub(this.#ints, REFERENCES, 1) === 1;
    if (Atomics.sub(this.#ints, ENDS, 1) === 1) this.#free();
    return wasLast && this.isLive;
  }

  #free(): void {
    Atomics.compareExchange(this.#ints, STATE, REVOKED, FREE);
  }

  /** Whether the procedure must get an unreferenced call now; claims it. */
  claimUnreferenced(): boolean {
    if (!this.isLive || Atomics.load(this.#ints, REFERENCES) > 0) return false;
    const once = UNREFERENCED_MODES.indexOf("once");
    return Atomics.compareExchange(this.#ints, UNREFERENCED, once, 0) === once ||
      this.unreferencedMode === "always";
  }
}

/** The doors and pools of a process, in memory that its threads share. */
export class Table {
  readonly memory: SharedArrayBuffer;
  readonly doors: readonly DoorSlot[];
  readonly #holds: Int32Array;

  constructor(memory = new SharedArrayBuffer(4 * TABLE_INTS)) {
    this.memory = memory;
    this.doors = Array.from(
      { length: MAX_DOORS },
      (_, i) => new DoorSlot(new Int32Array(memory, 4 * (DOORS_AT + i * DOOR_INTS), DOOR_INTS), i),
    );
    this.#holds = new Int32Array(memory, 4 * HOLDS_AT, MAX_DESCRIPTORS);
  }

  /** The counts of a pool. */
  pool(index: number): PoolCounts {
    return new PoolCounts(new Int32Array(this.memory, 4 * index * POOL_INTS, POOL_INTS));
  }

  /** The door with that descriptor in its own process. */
  find(descriptor: number): DoorSlot | undefined {
    return descriptor < 0 ? undefined : this.doors.find((door) => door.own === descriptor);
  }

  /** Keeps a connection open until a reply was sent over it, even if another thread finds it hung up. */
  hold(connection: number): void {
    Atomics.add(this.#holds, connection, HOLD);
  }

  /** Ends a `hold`; returns whether the connection must be closed now. */
  release(connection: number): boolean {
    const isLast = Atomics.sub(this.#holds, connection, HOLD) === HOLD + HUNG_UP;
    if (isLast) Atomics.store(this.#holds, connection, 0);
    return isLast;
  }

  /** The peer has hung up; returns whether the connection must be closed now and not by its holders. */
  hangUp(connection: number): boolean {
    const isFree = Atomics.or(this.#holds, connection, HUNG_UP) === 0;
    if (isFree) Atomics.store(this.#holds, connection, 0);
    return isFree;
  }
}
