/**
 * A pool of children, each of which calls accept inside a lock (UNP §30.7 and §30.8, rows 3, 4 and 7).
 *
 * The lock makes a queue of the children, so that one waits in accept and the rest wait for the lock;
 * System V needed that to be correct, BSD was spared the thundering herd by it. Where accept wakes only
 * one child anyway, a row shows what the lock itself costs: a mutex next to nothing, a file a system call
 * each way.
 *
 * @module
 */
import type { Child, Server } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Starts the pool, and from then on only replaces a child that died. */
export function parent({ children }: Server): void {
  children.fill();
  children.keep();
}

/** Accepts and serves, for ever. */
export function child({ listener, lock, serve }: Child): never {
  for (;;) {
    lock.acquire();
    const connection = accept(listener);
    lock.release();
    serve(connection);
  }
}
