/**
 * A pool of children, each of which waits until the listening socket is ready, then calls accept (UNP §30.6,
 * select collisions): by select(2), poll(2), epoll(7), or epoll with EPOLLEXCLUSIVE (Linux 4.5).
 *
 * Accept takes a connection for one child; select, poll and epoll only look, so the kernel wakes all children
 * that wait, the thundering herd. The first takes the connection, the others find none. Expect several
 * wake-ups for each connection, more with more children. EPOLLEXCLUSIVE wakes one child, the one that began
 * to wait last: no herd, but where clients are few, one child serves most of them.
 *
 * @module
 */
import type { ChildContext, ParentContext } from "../design.ts";
import { acceptReady } from "../posix/sockets.ts";

/** Starts the pool, then only replaces children that die. */
export function parent({ children }: ParentContext): void {
  children.fill();
  children.keep();
}

/** Waits, accepts if another child was not faster, and serves, forever. */
export function child({ listener, readiness, foundNone, serve }: ChildContext): never {
  for (;;) {
    readiness.wait();
    const connection = acceptReady(listener);
    if (connection === -1) foundNone();
    else serve(connection);
  }
}
