/**
 * A pool of children, each of which calls accept inside a lock (UNP §30.7 and §30.8, rows 3, 4 and 7).
 *
 * One child waits in accept, the others wait for the lock. System V needed the lock for correctness; on BSD
 * it prevented the thundering herd. Linux wakes only one child in accept anyway, so these rows show the cost
 * of the lock itself: almost nothing for a mutex, two system calls for a file.
 *
 * @module
 */
import type { ChildContext, ParentContext } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Starts the pool, then only replaces children that die. */
export function parent({ children }: ParentContext): void {
  children.fill();
  children.keep();
}

/** Accepts and serves, forever. */
export function child({ listener, lock, serve }: ChildContext): never {
  for (;;) {
    lock.acquire();
    const connection = accept(listener);
    lock.release();
    serve(connection);
  }
}
