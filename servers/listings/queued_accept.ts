/**
 * A pool of threads to which the main thread passes each connection (UNP §30.12, row 8).
 *
 * Threads share descriptors, so passing a connection means putting a number into a queue. But each client
 * wakes a thread through a condition variable, which threads that call accept themselves do not need. While
 * the queue is full, the main thread waits and clients stay in the backlog (the book's server exits).
 *
 * @module
 */
import type { ChildContext, ParentContext } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Accepts, and puts each connection into the queue. */
export function parent({ listener, children, queue }: ParentContext): never {
  children.fill();
  for (;;) {
    const connection = accept(listener);
    queue.put(connection);
  }
}

/** Takes connections from the queue and serves them, forever. */
export function child({ queue, serve }: ChildContext): never {
  for (;;) {
    const connection = queue.take();
    serve(connection);
  }
}
