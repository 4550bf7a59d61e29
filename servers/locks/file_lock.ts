/**
 * A lock that is a POSIX record lock on a file (UNP §30.7).
 *
 * The kernel releases it when its holder dies. It belongs to a process: it excludes other processes, but not
 * other threads of the same process, which share it.
 *
 * @module
 */
import type { Lock } from "../design.ts";
import { lockFile, recordLockHolders, unlockFile } from "../posix/locking.ts";

/** Excludes processes that share a file. */
export class FileLock implements Lock {
  readonly #descriptor: number;

  /** The lock on an open file, such as one of `unlinkedFile`. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  acquire(): void {
    lockFile(this.#descriptor);
  }

  release(): void {
    unlockFile(this.#descriptor);
  }

  /** With those that hold a lock on another file. */
  holders(): number[] {
    return recordLockHolders();
  }
}
