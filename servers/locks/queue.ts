/**
 * A bounded queue of connections between threads: a ring, a mutex and two conditions (UNP §30.12).
 *
 * @module
 */
import {
  initCondition,
  initMutex,
  lockMutex,
  type PthreadObject,
  pthreadObject,
  signalCondition,
  unlockMutex,
  waitCondition,
} from "../posix/locking.ts";
import { memoryAt } from "../posix/memory.ts";

/** Connections that may wait, as many as in the book (its server ends when there are more). */
const LENGTH = 32;

const MUTEX = 0n;
const NOT_EMPTY = 64n;
const NOT_FULL = 128n;
const RING = 192;

/** Room for a queue. */
export const QUEUE_BYTES = RING + 4 * (2 + LENGTH);

/** The queue at an address that all threads of a process share. */
export class Queue {
  readonly #mutex: PthreadObject;
  readonly #notEmpty: PthreadObject;
  readonly #notFull: PthreadObject;
  /** How many were ever put and taken, and the ring itself. */
  readonly #totals: Int32Array;
  readonly #ring: Int32Array;

  constructor(address: bigint) {
    this.#mutex = pthreadObject(address + MUTEX);
    this.#notEmpty = pthreadObject(address + NOT_EMPTY);
    this.#notFull = pthreadObject(address + NOT_FULL);
    const { buffer } = memoryAt(address, QUEUE_BYTES);
    this.#totals = new Int32Array(buffer, RING, 2);
    this.#ring = new Int32Array(buffer, RING + 8, LENGTH);
  }

  /** Makes a queue at that address, once, before anyone uses it. */
  static create(address: bigint): void {
    initMutex(pthreadObject(address + MUTEX));
    initCondition(pthreadObject(address + NOT_EMPTY));
    initCondition(pthreadObject(address + NOT_FULL));
  }

  /** Adds a connection, waiting while the queue is full. */
  put(connection: number): void {
    const totals = this.#totals;
    lockMutex(this.#mutex);
    while (totals[0]! - totals[1]! === LENGTH) waitCondition(this.#notFull, this.#mutex);
    this.#ring[totals[0]!++ % LENGTH] = connection;
    signalCondition(this.#notEmpty);
    unlockMutex(this.#mutex);
  }

  /** Takes the oldest connection, waiting while there is none. */
  take(): number {
    const totals = this.#totals;
    lockMutex(this.#mutex);
    while (totals[0] === totals[1]) waitCondition(this.#notEmpty, this.#mutex);
    const connection = this.#ring[totals[1]!++ % LENGTH]!;
    signalCondition(this.#notFull);
    unlockMutex(this.#mutex);
    return connection;
  }
}
