/**
 * An event loop on each processor: a pool of children, each of which runs the loop of `event_loop.ts` on a listening
 * socket of its own, all on one port (SO_REUSEPORT). So are nginx with `reuseport`, Envoy and Seastar built.
 *
 * All processors work, and a connection stays with one of them. The kernel deals connections by a hash and does not
 * know which loop is busy: a client whose loop computes waits while another loop is idle.
 *
 * @module
 */
import type { ChildContext, ParentContext } from "../design.ts";
import { parent as serveAll } from "./event_loop.ts";

/** Starts the pool, then only replaces children that die. */
export function parent({ children }: ParentContext): void {
  children.fill();
  children.keep();
}

/** Serves all clients of its own socket. */
export function child({ index, listeners, polls, sessions }: ChildContext): void {
  serveAll({ listener: listeners[index]!, polls, sessions });
}
