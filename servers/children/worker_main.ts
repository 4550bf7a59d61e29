/**
 * The program of a Worker: the server's main thread, or a child.
 *
 * @module
 */
import { findDesign, loadListing } from "../designs.ts";
import { complain } from "../posix/fork.ts";
import { rehearse } from "./rehearsal.ts";
import {
  announce,
  awaitOpening,
  childOf,
  enter,
  openSetup,
  serverOf,
  type Setup,
} from "./setup.ts";
import { endQueue, type Post, type Told, Workers } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { data } = event as MessageEvent<Told>;
  try {
    const design = findDesign(data.handles.design)!;
    const setup = openSetup(design, await loadListing(design), data.handles, data.address);
    roles[data.role](setup, data);
  } catch (error) {
    complain((error as Error).message);
  }
  self.close();
});

const post: Post = (asked) => (self as unknown as Worker).postMessage(asked);

const roles = {
  parent(setup: Setup): void {
    const { meter, design, handles, listing } = setup;
    enter(meter.parent);
    if (design.lifetime === "client") {
      announce(0, handles.status);
      awaitOpening(handles);
    }
    listing.parent!(serverOf(setup, meter.parent, new Workers(setup, post)));
  },
  child(setup: Setup, { index, connection }: Told): void {
    const { meter, design, handles, listing } = setup;
    if (design.lifetime === "pool") {
      rehearse(setup, { endQueue: endQueue(post) });
      enter(meter.children[index]!);
      announce(index, handles.status);
      awaitOpening(handles);
    }
    listing.child!(childOf(setup, index, { connection }));
  },
};
