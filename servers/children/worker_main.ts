/**
 * The program of a Worker: the server's main thread, or a child of a pool.
 *
 * @module
 */
import { causeOf } from "../posix/errors.ts";
import { warmUpListing } from "./warm_up.ts";
import {
  announceAndWait,
  childContext,
  countShortages,
  enter,
  leave,
  loadParts,
  openSetup,
  parentContext,
  type Setup,
} from "./setup.ts";
import { endQueueByHost, type SendRequest, Workers, type WorkerStart } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { role, index, design, address, handles } = (event as MessageEvent<WorkerStart>).data;
  try {
    const setup = openSetup(await loadParts(design, handles.service), handles, address);
    countShortages(setup);
    roles[role](setup, index);
    fail("its listing ended");
  } catch (error) {
    fail(causeOf(error));
  }
  self.close();
});

const send: SendRequest = (request) => (self as unknown as Worker).postMessage(request);

const fail = (reason: string) => send({ role: "failed", reason });

const roles = {
  parent(setup: Setup): void {
    const { meter, design, handles, listing } = setup;
    enter(meter.parent);
    if (design.lifetime === "client") announceAndWait(0, handles);
    listing.parent!(parentContext(setup, meter.parent, new Workers(setup, send)));
  },
  child(setup: Setup, index: number): void {
    const { meter, handles, listing } = setup;
    warmUpListing(setup, { endQueue: endQueueByHost(send) });
    enter(meter.children[index]!);
    announceAndWait(index, handles);
    try {
      listing.child!(childContext(setup, index, {}));
    } finally {
      leave(meter.children[index]!, setup.lock);
    }
  },
};
