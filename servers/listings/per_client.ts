/**
 * Concurrent server: one child for each client (UNP §30.5, row 1, children by fork).
 *
 * The traditional Unix server. Its row shows the cost of creating and collecting a child, 5000 times: by far
 * the most expensive design, in the book and here.
 *
 * @module
 */
import type { ClientChildContext, ParentContext } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Accepts, and starts a child for each client. */
export function parent({ listener, children }: ParentContext): never {
  for (;;) {
    const connection = accept(listener);
    children.startFor(connection);
    // The parent waits nowhere but in accept, so it collects ended children here.
    children.reap();
  }
}

/** Serves its one client and ends. */
export function child({ connection, serve }: ClientChildContext): void {
  serve(connection);
}
