/**
 * The program of a Worker that serves one client and ends. Loading a module takes a millisecond for every
 * client, so it imports only what such a child needs.
 *
 * @module
 */
import type { ClientChildContext } from "../design.ts";
import { printError } from "../posix/errors.ts";
import { memoryAt } from "../posix/memory.ts";
import { serve } from "../service/bytes.ts";
import { Slot, SLOT_BYTES } from "./meter.ts";
import type { ClientWorkerStart } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { connection, listing, slotAddress, extraCpu } =
    (event as MessageEvent<ClientWorkerStart>).data;
  try {
    const { child }: { child(context: ClientChildContext): void } = await import(listing);
    const slot = new Slot(memoryAt(slotAddress, SLOT_BYTES).buffer);
    const burn = extraCpu === 0
      ? () => {}
      : (await import("../posix/clocks.ts")).cpuBurner(extraCpu);
    child({
      connection,
      serve(connection) {
        burn();
        serve(slot, connection);
      },
    });
  } catch (error) {
    printError((error as Error).message);
  }
  self.close();
});
