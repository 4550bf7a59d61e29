/**
 * A pool of children, each of which calls accept on the shared listening socket (UNP §30.6, row 2).
 *
 * The kernel gives each connection to one child. The book's systems woke all of them for it (the thundering
 * herd). Linux wakes one, in FIFO order, so clients spread evenly and idle children cost almost nothing.
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
export function child({ listener, serve }: ChildContext): never {
  for (;;) {
    const connection = accept(listener);
    serve(connection);
  }
}
