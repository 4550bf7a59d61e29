/**
 * The program of a Worker: the server's main thread, or a child of a pool.
 *
 * @module
 */
import { findDesign, loadListing } from "../designs.ts";
import { printError } from "../posix/errors.ts";
import { rehearse } from "./warm_up.ts";
import { announceAndWait, childOf, enter, openSetup, serverOf, type Setup } from "./setup.ts";
import { endQueue, type Post, type Told, Workers } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { data } = event as MessageEvent<Told>;
  try {
    const design = findDesign(data.handles.design)!;
    const setup = openSetup(design, await loadListing(design), data.handles, data.address);
    roles[data.role](setup, data);
  } catch (error) {
    printError((error as Error).message);
  }
  self.close();
});

const post: Post = (asked) => (self as unknown as Worker).postMessage(asked);

const roles = {
  parent(setup: Setup): void {
    const { meter, design, handles, listing } = setup;
    enter(meter.parent);
    if (design.lifetime === "client") announceAndWait(0, handles);
    listing.parent!(serverOf(setup, meter.parent, new Workers(setup, post)));
  },
  child(setup: Setup, { index }: Told): void {
    const { meter, handles, listing } = setup;
    rehearse(setup, { endQueue: endQueue(post) });
    enter(meter.children[index]!);
    announceAndWait(index, handles);
    listing.child!(childOf(setup, index, {}));
  },
};
