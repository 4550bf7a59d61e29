/**
 * Children that are processes of several threads: each starts Workers, which run the listing and count in its slot,
 * and only waits itself. Such a process is a program of its own. A forked child cannot start a Worker: Deno's runtime
 * wants descriptors for it that a child of a server closes, and panics without them.
 *
 * @module
 */
import type { Design } from "../design.ts";
import { usage } from "../posix/clocks.ts";
import { notify, pipe, waitForNotification } from "../posix/descriptors.ts";
import { failWith } from "../posix/failure_message.ts";
import { close } from "../posix/io.ts";
import { exitNow } from "../posix/processes.ts";
import { blockSignals, Signal, waitForSignal } from "../posix/signals.ts";
import {
  announce,
  awaitOpening,
  childContext,
  countShortages,
  enter,
  type Handles,
  loadParts,
  openSetup,
  type Setup,
} from "./setup.ts";
import { warmUpListing } from "./warm_up.ts";

/** Start message of a thread. */
export interface ThreadStart {
  readonly index: number;
  readonly design: Design;
  readonly address: bigint;
  readonly handles: Handles;
  /** Write end of a pipe over which it says that it is ready. */
  readonly ready: number;
}

const PROGRAM = new URL("./process_thread_main.ts", import.meta.url);

/** Starts the threads of this process, the child with that index, and waits for ever. */
export function runThreads({ design, address, handles, meter }: Setup, index: number): never {
  const [output, ready] = pipe();
  for (let i = 0; i < design.threads!; i++) {
    const start: ThreadStart = { index, design, address, handles, ready };
    // It starts without a turn of this thread's event loop.
    new Worker(PROGRAM, { type: "module" }).postMessage(start);
  }
  for (let i = 0; i < design.threads!; i++) waitForNotification(output);
  close(output);
  close(ready);
  const slot = meter.children[index]!;
  enter(slot);
  slot.ready = usage("process");
  announce(index, handles.status);
  blockSignals(Signal.CHLD);
  for (;;) waitForSignal(Signal.CHLD);
}

/** Runs a thread. If it fails, so does its process, which the parent replaces. */
export async function runThread(
  { index, design, address, handles, ready }: ThreadStart,
): Promise<void> {
  let setup: Setup | undefined;
  try {
    setup = openSetup(await loadParts(design, handles.service), handles, address);
    countShortages(setup);
    warmUpListing(setup);
    notify(ready);
    awaitOpening(handles);
    setup.listing.child!(childContext(setup, index, {}));
  } catch (error) {
    failWith(error, setup?.failureMessage(index));
  }
  exitNow(1);
}
