/**
 * The program of a Worker that serves one client and ends. Loading a module takes a millisecond for every
 * client, so it imports only what such a child needs.
 *
 * @module
 */
import type { ClientChildContext } from "../design.ts";
import { causeOf } from "../posix/errors.ts"; // which io.ts needs, too
import { bufferAt } from "../posix/libc.ts";
import { close } from "../posix/io.ts";
import { socketTimeout } from "../posix/sockets.ts";
import { service as bytes } from "../service/bytes.ts";
import { Slot, SLOT_BYTES } from "./meter.ts";
import type { ClientWorkerStart, WorkerRequest } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { connection, listing, slotAddress, serviceTime, stream, requestTimeout, service } =
    (event as MessageEvent<ClientWorkerStart>).data;
  // From `serve` on the connection is closed there, even if that fails.
  let [isTaken, isServed] = [false, false];
  try {
    const { child }: { child(context: ClientChildContext): void } = await import(listing);
    const slot = new Slot(bufferAt(slotAddress, SLOT_BYTES), 0, true);
    const { work, wait } = serviceTime;
    const times = work.nanoseconds === 0 && wait.nanoseconds === 0
      ? undefined
      : (await import("../service/request_times.ts")).requestTimesOf(serviceTime, stream);
    const { serve } = service === "bytes"
      ? bytes
      : (await import("../service/services.ts").then(({ services }) => services[service]()));
    const timeout = requestTimeout === 0 ? undefined : socketTimeout(requestTimeout);
    child({
      connection,
      serve(connection) {
        isTaken = true;
        serve(slot, connection, timeout, times);
        isServed = true;
      },
    });
  } catch (error) {
    if (!isTaken) close(connection);
    const unfinished = isTaken && !isServed ? 1 : 0;
    const failed = { role: "failed", reason: causeOf(error), unfinished } as const;
    (self as unknown as Worker).postMessage(failed satisfies WorkerRequest);
  }
  self.close();
});
