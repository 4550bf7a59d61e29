/**
 * The program of a Worker: the server's main thread, or a child of a pool.
 *
 * @module
 */
import { findDesign, loadListing } from "../designs.ts";
import { printError } from "../posix/errors.ts";
import { warmUpListing } from "./warm_up.ts";
import {
  announceAndWait,
  childContext,
  enter,
  openSetup,
  parentContext,
  type Setup,
} from "./setup.ts";
import { endQueueByHost, type SendRequest, Workers, type WorkerStart } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { data } = event as MessageEvent<WorkerStart>;
  try {
    const design = findDesign(data.handles.design)!;
    const setup = openSetup(design, await loadListing(design), data.handles, data.address);
    roles[data.role](setup, data);
  } catch (error) {
    printError((error as Error).message);
  }
  self.close();
});

const send: SendRequest = (request) => (self as unknown as Worker).postMessage(request);

const roles = {
  parent(setup: Setup): void {
    const { meter, design, handles, listing } = setup;
    enter(meter.parent);
    if (design.lifetime === "client") announceAndWait(0, handles);
    listing.parent!(parentContext(setup, meter.parent, new Workers(setup, send)));
  },
  child(setup: Setup, { index }: WorkerStart): void {
    const { meter, handles, listing } = setup;
    warmUpListing(setup, { endQueue: endQueueByHost(send) });
    enter(meter.children[index]!);
    announceAndWait(index, handles);
    listing.child!(childContext(setup, index, {}));
  },
};
