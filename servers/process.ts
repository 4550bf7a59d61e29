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

/** Runs a design's listing in the process that calls this; it ends with the host. */
export function serverProcess(design: Design, setup: Setup, host: number): void {
  dieWithParent(host, Signal.KILL);
  const { listing, listener, meter, status } = setup;
  const scratch = new Slot(new ArrayBuffer(64), 0);
  warmUp((connection) => serve(scratch, connection));
  // Where no children are made, the process itself is the one child there is.
  const own = design.lifetime === undefined ? meter.children[0]! : meter.parent;
  enter(own);
  // A pool is ready when its children are.
  if (design.lifetime !== "pool") announce(0, status);
  listing.parent({
    listener,
    children: new ForkedChildren(setup),
    serve: (connection) => serve(own, connection),
  });
}
