/**
 * Concurrent server: one child for each client (UNP §30.5, row 1, children by fork).
 *
 * The traditional Unix server. Its row shows the cost of creating and collecting a child, 5000 times: by far
 * the most expensive design, in the book and here.
 *
 * @module
 */
import type { ClientChildContext, ParentContext } from "../design.ts";
import { Poller } from "../posix/descriptors.ts";
import { accept } from "../posix/sockets.ts";

const SECOND_MS = 1000;

/** Accepts, and starts a child for each client. */
export function parent({ listener, children }: ParentContext): never {
  const poller = new Poller([listener]);
  for (;;) {
    if (poller.wait(SECOND_MS)) children.startFor(accept(listener));
    // In place of the book's handler of SIGCHLD: a child that ended is collected within a second.
    children.reap();
  }
}

/** Serves its one client and ends. */
export function child({ connection, serve }: ClientChildContext): void {
  serve(connection);
}
