/**
 * A lock that is a pthread mutex in shared memory (UNP §30.8).
 *
 * It excludes threads. Shared by processes it is robust: where its holder died, the next one takes it
 * over. Between the threads of one process, which do not die by themselves, it is private, as in the book:
 * the kernel knows those who wait for it by address alone. Taken and given back without contention it
 * never enters the kernel.
 *
 * @module
 */
import type { Lock } from "../design.ts";
import {
  initMutex,
  initPrivateMutex,
  lockMutex,
  type PthreadObject,
  pthreadObject,
  unlockMutex,
} from "../posix/locking.ts";

/** Excludes threads and processes that share memory. */
export class Mutex implements Lock {
  readonly #mutex: PthreadObject;

  /** Room a mutex takes (pthread_mutex_t: 40 on x86-64, 48 on arm64). */
  static readonly BYTES = 64;

  /** The mutex at that address. */
  constructor(address: bigint) {
    this.#mutex = pthreadObject(address);
  }

  /** Makes a mutex at that address, once, before anyone uses it: for threads, or for processes. */
  static create(address: bigint, between: "threads" | "processes"): void {
    const init = between === "threads" ? initPrivateMutex : initMutex;
    init(pthreadObject(address));
  }

  acquire(): void {
    lockMutex(this.#mutex);
  }

  release(): void {
    unlockMutex(this.#mutex);
  }
}
