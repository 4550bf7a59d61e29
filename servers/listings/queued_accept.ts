/**
 * A pool of threads to which the main thread hands each connection (UNP §30.12, row 8).
 *
 * Threads share descriptors, so handing over is putting a number into a queue; but each client wakes a
 * thread through a condition, which a pool that calls accept itself does not need. Where the queue is
 * full, the main thread waits and clients stay in the backlog (the book's server ends there).
 *
 * @module
 */
import type { Child, Server } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Accepts, and puts each connection into the queue. */
export function parent({ listener, children, queue }: Server): never {
  children.fill();
  for (;;) {
    const connection = accept(listener);
    queue.put(connection);
  }
}

/** Serves what is in the queue, for ever. */
export function child({ queue, serve }: Child): never {
  for (;;) {
    const connection = queue.take();
    serve(connection);
  }
}
