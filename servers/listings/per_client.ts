/**
 * Concurrent server: one child for each client (UNP §30.5, row 1, children by fork).
 *
 * The traditional Unix server. Its row shows what it costs to make a child and to bury it, 5000 times:
 * in the book and here the most expensive way by far.
 *
 * @module
 */
import type { ClientChild, Server } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Accepts, and starts a child for each client. */
export function parent({ listener, children }: Server): never {
  for (;;) {
    const connection = accept(listener);
    children.startFor(connection);
    // The one place where it waits is accept, so children that ended are collected here.
    children.reap();
  }
}

/** Serves its one client and ends. */
export function child({ connection, serve }: ClientChild): void {
  serve(connection);
}
