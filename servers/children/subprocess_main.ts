/**
 * The program that a Deno subprocess runs as a child: it finds what it shares with its parent through
 * inherited descriptors, and does what the listing says.
 *
 * @module
 */
import { findDesign, loadListing } from "../designs.ts";
import { dieWithParent } from "../posix/processes.ts";
import { resetSignals, Signal } from "../posix/signals.ts";
import { close } from "../posix/sockets.ts";
import { WARM_UP } from "../service/bytes.ts";
import { rehearse } from "./warm_up.ts";
import { announceAndWait, childOf, enter, openSetup } from "./setup.ts";
import type { Told } from "./subprocess.ts";

const { parent, index, connection, channel, handles }: Told = JSON.parse(Deno.args[0]!);
dieWithParent(parent, Signal.KILL);
resetSignals();
const design = findDesign(handles.design)!;
const setup = openSetup(design, await loadListing(design), handles);
const slot = setup.meter.children[index]!;
if (design.lifetime === "pool") {
  rehearse(setup, { clients: WARM_UP });
  enter(slot);
  announceAndWait(index, handles);
}
close(handles.status);
close(handles.gate);
setup.listing.child!(childOf(setup, index, { connection, channel }));
Deno.exit();
