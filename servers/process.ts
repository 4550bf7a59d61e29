/**
 * The server process: forked from the host, single-threaded, running a listing with blocking calls.
 *
 * @module
 */
import { announce, enter, ForkedChildren, serve, type Setup } from "./children/fork.ts";
import type { Design } from "./design.ts";
import { dieWithParent } from "./posix/processes.ts";
import { Signal } from "./posix/signals.ts";
import { Slot } from "./children/meter.ts";
import { warmUp } from "./service.ts";

/** How often V8 must have seen the service before it has compiled all of it. */
const WARM_UP = 3000;

/**
 * For children that live for one client: often enough for V8 to have byte code and type feedback, and
 * not so often that it marks a function for optimization, which would then happen in every child.
 */
const REHEARSALS = 250;

/** Runs a design's listing in the process that calls this; it ends with the host. */
export function serverProcess(design: Design, setup: Setup, host: number): void {
  dieWithParent(host, Signal.KILL);
  const { listing, listener, meter, status } = setup;
  const children = new ForkedChildren(setup);
  const scratch = new Slot(new ArrayBuffer(64), 0);
  if (design.lifetime === "client") {
    warmUp(REHEARSALS, (connection) => children.rehearse(connection));
  } else {
    warmUp(WARM_UP, (connection) => serve(scratch, connection));
  }
  // Where no children are made, the process itself is the one child there is.
  const own = design.lifetime === undefined ? meter.children[0]! : meter.parent;
  enter(own);
  // A pool is ready when its children are.
  if (design.lifetime !== "pool") announce(0, status);
  listing.parent({
    listener,
    children,
    serve: (connection) => serve(own, connection),
  });
}
