/**
 * A lock that is a POSIX record lock on a file (UNP §30.7).
 *
 * The kernel gives it back when its holder dies. It belongs to a process, so it excludes processes but
 * not the threads of one: a second thread that locks simply holds it, too.
 *
 * @module
 */
import type { Lock } from "../design.ts";
import { lockFile, unlockFile } from "../posix/locking.ts";

/** Excludes processes that share a file. */
export class FileLock implements Lock {
  readonly #descriptor: number;

  /** The lock on that file (`unlinkedFile` makes one). */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  acquire(): void {
    lockFile(this.#descriptor);
  }

  release(): void {
    unlockFile(this.#descriptor);
  }
}
