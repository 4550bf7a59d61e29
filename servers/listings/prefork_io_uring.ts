/**
 * A pool of children, each of which serves many clients at once by a ring of its own: `io_uring.ts` on all processors.
 *
 * Each has a listening socket of its own, too (SO_REUSEPORT). On one socket for all, the kernel asks first the child
 * whose accept has stayed there longest (io_uring waits exclusively, as EPOLLEXCLUSIVE does), and it never leaves: one
 * child of 15 got 5000 connections of 5000.
 *
 * @module
 */
import type { ChildContext, ParentContext } from "../design.ts";
import { serveAll } from "./io_uring.ts";

/** Starts the pool, then only replaces children that die. */
export function parent({ children }: ParentContext): void {
  children.fill();
  children.keep();
}

/** Serves many clients at once, forever. */
export function child({ index, listeners, isReplacement, sessions }: ChildContext): never {
  serveAll(listeners[index]!, sessions, isReplacement);
}
