/**
 * A bounded queue of connections between threads: a ring, a mutex and two conditions (UNP §30.12).
 *
 * @module
 */
import type { Queue as Connections } from "../design.ts";
import {
  initCondition,
  initPrivateMutex,
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
const COUNTS = 192;
const RING = COUNTS + 16;

/** Room for a queue. */
export const QUEUE_BYTES = RING + 4 * LENGTH;

/** The queue at an address that all threads of a process share. */
export class Queue implements Connections {
  readonly #mutex: PthreadObject;
  readonly #notEmpty: PthreadObject;
  readonly #notFull: PthreadObject;
  /** How many were ever put, how many taken, and how many threads wait to put. */
  readonly #counts: Int32Array;
  readonly #ring: Int32Array;

  constructor(address: bigint) {
    this.#mutex = pthreadObject(address + MUTEX);
    this.#notEmpty = pthreadObject(address + NOT_EMPTY);
    this.#notFull = pthreadObject(address + NOT_FULL);
    const { buffer } = memoryAt(address, QUEUE_BYTES);
    this.#counts = new Int32Array(buffer, COUNTS, 3);
    this.#ring = new Int32Array(buffer, RING, LENGTH);
  }

  /** Makes a queue at that address, once, before anyone uses it. */
  static create(address: bigint): void {
    initPrivateMutex(pthreadObject(address + MUTEX));
    initCondition(pthreadObject(address + NOT_EMPTY));
    initCondition(pthreadObject(address + NOT_FULL));
  }

  /** Whether no connection waits. */
  get isEmpty(): boolean {
    return this.#counts[0] === this.#counts[1];
  }

  /** Adds a connection, waiting while the queue is full. */
  put(connection: number): void {
    const counts = this.#counts;
    lockMutex(this.#mutex);
    while (counts[0]! - counts[1]! === LENGTH) {
      counts[2]!++;
      waitCondition(this.#notFull, this.#mutex);
      counts[2]!--;
    }
    this.#ring[counts[0]!++ % LENGTH] = connection;
    signalCondition(this.#notEmpty);
    unlockMutex(this.#mutex);
  }

  /** Takes the oldest connection, waiting while there is none. */
  take(): number {
    const counts = this.#counts;
    lockMutex(this.#mutex);
    while (counts[0] === counts[1]) waitCondition(this.#notEmpty, this.#mutex);
    const connection = this.#ring[counts[1]!++ % LENGTH]!;
    if (counts[2]! > 0) signalCondition(this.#notFull);
    unlockMutex(this.#mutex);
    return connection;
  }
}
