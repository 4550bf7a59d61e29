/**
 * The program of a Worker: the server's main thread, or a child. Each module takes half a millisecond to
 * load, which a thread for one client pays as well: what only the others need, they load themselves.
 *
 * @module
 */
import { findDesign, loadListing } from "../designs.ts";
import { complain } from "../posix/errors.ts";
import { announceAndWait, childOf, enter, openSetup, serverOf, type Setup } from "./setup.ts";
import type { Post, Told } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { data } = event as MessageEvent<Told>;
  try {
    const design = findDesign(data.handles.design)!;
    const setup = openSetup(design, await loadListing(design), data.handles, data.address);
    await roles[data.role](setup, data);
  } catch (error) {
    complain((error as Error).message);
  }
  self.close();
});

const post: Post = (asked) => (self as unknown as Worker).postMessage(asked);

const roles = {
  async parent(setup: Setup): Promise<void> {
    const { Workers } = await import("./worker.ts");
    const { meter, design, handles, listing } = setup;
    enter(meter.parent);
    if (design.lifetime === "client") announceAndWait(0, handles);
    listing.parent!(serverOf(setup, meter.parent, new Workers(setup, post)));
  },
  async child(setup: Setup, { index, connection }: Told): Promise<void> {
    const { meter, design, handles, listing } = setup;
    if (design.lifetime === "pool") {
      const [{ rehearse }, { endQueue }] = await Promise.all([
        import("./rehearsal.ts"),
        import("./worker.ts"),
      ]);
      rehearse(setup, { endQueue: endQueue(post) });
      enter(meter.children[index]!);
      announceAndWait(index, handles);
    }
    listing.child!(childOf(setup, index, { connection }));
  },
};
