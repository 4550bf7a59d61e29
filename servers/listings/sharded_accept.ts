/**
 * A pool of children, each of which calls accept on a listening socket of its own, all on one port (SO_REUSEPORT,
 * Linux 3.9; nginx's `reuseport`, 1.9.1).
 *
 * The kernel puts each connection into the queue of one child when it arrives, by a hash of its addresses, so
 * children share neither a queue nor a lock. But it does not know which of them are busy: a client may wait for its
 * child while others are idle. Expect few wake-ups, clients that spread as at random, and a longer tail of latency
 * where a client takes long. A child that dies leaves its queue to the one that takes its place, because the parent
 * has the sockets, too; without that its clients are reset, unless net.ipv4.tcp_migrate_req is set (Linux 5.14).
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

/** Accepts from its own socket and serves, forever. */
export function child({ index, listeners, serve }: ChildContext): never {
  const listener = listeners[index]!;
  for (;;) {
    const connection = accept(listener);
    serve(connection);
  }
}
