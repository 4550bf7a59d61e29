/**
 * A lock that is a pthread mutex in shared memory (UNP §30.8).
 *
 * It excludes threads. Shared between processes it is robust: if its holder dies, the next one acquires it.
 * Between the threads of one process it is private, as in the book, and the kernel identifies waiters by the
 * address alone; a thread that dies releases it itself. Without contention it makes no system call.
 *
 * @module
 */
import type { Lock } from "../design.ts";
import {
  initMutex,
  initPrivateMutex,
  lockMutex,
  mutexHolder,
  type PthreadObject,
  pthreadObject,
  unlockMutex,
} from "../posix/locking.ts";

/** Excludes threads and processes that share memory. */
export class Mutex implements Lock {
  readonly #mutex: PthreadObject;
  /** Whether the thread that has this object holds the mutex. */
  isHeld = false;

  /** Space for a mutex in bytes (pthread_mutex_t: 40 on x86-64, 48 on arm64). */
  static readonly BYTES = 64;

  /** The mutex at that address. */
  constructor(address: bigint) {
    this.#mutex = pthreadObject(address);
  }

  /** Initializes a mutex at that address, once, before its first use. */
  static create(address: bigint, between: "threads" | "processes"): void {
    const init = between === "threads" ? initPrivateMutex : initMutex;
    init(pthreadObject(address));
  }

  acquire(): void {
    lockMutex(this.#mutex);
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    unlockMutex(this.#mutex);
  }

  /** Between processes; which thread holds a private mutex is not known. */
  holders(): number[] {
    return [mutexHolder(this.#mutex)];
  }
}
