/**
 * The program of a child that is a Deno subprocess: it opens what it shares with its parent through
 * inherited descriptors and runs the listing.
 *
 * @module
 */
import { duplicate } from "../posix/descriptors.ts";
import { close } from "../posix/io.ts";
import { failWith } from "../posix/failure_message.ts";
import { requestTimesOf } from "../service/request_times.ts";
import { resetSignals } from "../posix/signals.ts";
import { shutDown } from "../posix/sockets.ts";
import { WARM_UP } from "../service/bytes.ts";
import { sayBegun } from "./handover.ts";
import { runThreads } from "./process_threads.ts";
import { warmUpListing } from "./warm_up.ts";
import {
  announceAndWait,
  beginUnder,
  childContext,
  countShortages,
  enter,
  loadParts,
  openSetup,
} from "./setup.ts";
import type { SubprocessOptions } from "./subprocess.ts";

const options: SubprocessOptions = JSON.parse(Deno.args[0]!);
const { parent, index, connection, socket, stream, begun, design, handles } = options;
beginUnder(parent, handles);
resetSignals();
const setup = openSetup(await loadParts(design, handles.service), handles);
countShortages(setup);
try {
  if (design.threads !== undefined) runThreads(setup, index);
  if (design.lifetime === "pool") {
    warmUpListing(setup, { clients: WARM_UP });
    enter(setup.meter.children[index]!);
    announceAndWait(index, handles);
  }
  close(handles.status);
  close(handles.gate);
  const times = requestTimesOf(handles.serviceTime, stream);
  const context = childContext(setup, index, { connection, socket, times });
  if (begun === -1) setup.listing.child!(context);
  else {
    // Its parent may have the connection for a little longer: the client is to read its end now.
    const own = duplicate(connection);
    sayBegun(begun);
    setup.listing.child!(context);
    shutDown(own);
  }
} catch (error) {
  failWith(error, setup.failureMessage(index));
  Deno.exit(1);
}
Deno.exit();
