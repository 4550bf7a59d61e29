/**
 * The program of a server that needs Deno's event loop.
 *
 * @module
 */
import { usage } from "../posix/clocks.ts";
import { failWith } from "../posix/failure_message.ts";
import { close } from "../posix/io.ts";
import { resetSignals } from "../posix/signals.ts";
import { WARM_UP } from "../service/bytes.ts";
import { type RequestTimes, requestTimesOf } from "../service/request_times.ts";
import type { AsyncServerOptions } from "./async_server.ts";
import { announce, countShortages, enter, loadParts, openSetup, sessionsFor } from "./setup.ts";

/** Clients of the warm-up at a time, and how long it may take where requests wait. */
const WARM_UP_CLIENTS = 10;
const WARM_UP_MS = 1000;

const { design, handles, hostname, port }: AsyncServerOptions = JSON.parse(Deno.args[0]!);
resetSignals();
const setup = openSetup(await loadParts(design, handles.service), handles);
countShortages(setup);
try {
  const slot = setup.meter.children[0]!;
  enter(slot);
  const times = requestTimesOf(handles.serviceTime, 0);
  const sessions = sessionsFor(slot, setup, times);
  const spend = times && ((requests: number) => spendIn(times, requests));
  const { promise, resolve: listening } = Promise.withResolvers<void>();
  const serving = setup.listing.serve!({ hostname, port, sessions, spend, listening });
  await Promise.race([promise, serving]);
  // These clients come before the server is ready, which is where its account begins.
  await warmUp();
  slot.ready = usage("process");
  announce(0, handles.status);
  close(handles.status);
  await serving;
  throw new Error(`Cannot serve any longer: ${design.id} has ended`);
} catch (error) {
  failWith(error, setup.failureMessage("parent"));
  Deno.exit(1);
}

/** Works and waits for so many requests. Meanwhile others are served, but not during the work. */
async function spendIn(times: RequestTimes, requests: number): Promise<void> {
  times.work(requests);
  const milliseconds = times.waitFor(requests) / 1e6;
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Makes connections to this server, for V8 to compile it. */
async function warmUp(): Promise<void> {
  const { examples } = setup.service;
  const end = performance.now() + WARM_UP_MS;
  let turn = 0;
  const client = async () => {
    while (turn < WARM_UP && performance.now() < end) {
      using connection = await Deno.connect({ hostname, port });
      await connection.write(new TextEncoder().encode(examples[turn++ % examples.length]));
      await connection.closeWrite();
      await connection.readable.pipeTo(new WritableStream());
    }
  };
  await Promise.all(Array.from({ length: WARM_UP_CLIENTS }, client));
}
