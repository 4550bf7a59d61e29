/**
 * A bounded queue of connections between threads: a ring, a mutex and two condition variables (UNP §30.12).
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
import { bufferAt } from "../posix/libc.ts";

/** Maximum number of queued connections, as in the book, whose server exits if there are more. */
const CAPACITY = 32;

const MUTEX = 0n;
const NOT_EMPTY = 64n;
const NOT_FULL = 128n;
const COUNTS = 192;
const RING = COUNTS + 16;

/** Taken from a queue that has ended, in place of a connection. */
const NO_CONNECTION = -1;

/** Space for a queue in bytes. */
export const QUEUE_BYTES = RING + 4 * CAPACITY;

/** A queue at an address shared by the threads of a process. */
export class Queue implements Connections {
  readonly #mutex: PthreadObject;
  readonly #notEmpty: PthreadObject;
  readonly #notFull: PthreadObject;
  /** Number of connections ever put, of those ever taken, of threads blocked in `put`, and whether it ends. */
  readonly #counts: Int32Array;
  readonly #ring: Int32Array;

  constructor(address: bigint) {
    this.#mutex = pthreadObject(address + MUTEX);
    this.#notEmpty = pthreadObject(address + NOT_EMPTY);
    this.#notFull = pthreadObject(address + NOT_FULL);
    const buffer = bufferAt(address, QUEUE_BYTES);
    this.#counts = new Int32Array(buffer, COUNTS, 4);
    this.#ring = new Int32Array(buffer, RING, CAPACITY);
  }

  /** Initializes a queue at that address, once, before its first use. */
  static create(address: bigint): void {
    initPrivateMutex(pthreadObject(address + MUTEX));
    initCondition(pthreadObject(address + NOT_EMPTY));
    initCondition(pthreadObject(address + NOT_FULL));
  }

  /** Whether the queue is empty. */
  get isEmpty(): boolean {
    return this.#counts[0] === this.#counts[1];
  }

  /** Appends a connection; blocks while the queue is full. */
  put(connection: number): void {
    const counts = this.#counts;
    lockMutex(this.#mutex);
    while (counts[0]! - counts[1]! === CAPACITY) {
      counts[2]!++;
      waitCondition(this.#notFull, this.#mutex);
      counts[2]!--;
    }
    this.#ring[counts[0]!++ % CAPACITY] = connection;
    signalCondition(this.#notEmpty);
    unlockMutex(this.#mutex);
  }

  /** Removes the oldest connection; blocks while the queue is empty. */
  take(): number {
    const counts = this.#counts;
    lockMutex(this.#mutex);
    while (counts[0] === counts[1] && counts[3] === 0) waitCondition(this.#notEmpty, this.#mutex);
    if (counts[0] === counts[1]) {
      counts[3] = 0;
      unlockMutex(this.#mutex);
      return NO_CONNECTION;
    }
    const connection = this.#ring[counts[1]!++ % CAPACITY]!;
    if (counts[2]! > 0) signalCondition(this.#notFull);
    unlockMutex(this.#mutex);
    return connection;
  }

  /** Has the next `take` that finds it empty return −1, which is no connection. Unlike `put` it never waits for room. */
  end(): void {
    lockMutex(this.#mutex);
    this.#counts[3] = 1;
    signalCondition(this.#notEmpty);
    unlockMutex(this.#mutex);
  }
}
