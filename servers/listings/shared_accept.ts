/**
 * A pool of children, each of which calls accept on the shared listening socket (UNP §30.6, row 2).
 *
 * The kernel gives each connection to one child. On the systems of the book it woke them all for it, the
 * thundering herd; Linux wakes one, in the order they came, so the clients spread evenly and children
 * beyond those that are busy cost next to nothing.
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
export function child({ listener, serve }: Child): never {
  for (;;) {
    const connection = accept(listener);
    serve(connection);
  }
}
