/**
 * The program of a Worker that serves one client and ends. Each module takes a millisecond to load, and
 * every client pays for it: this has what such a child needs, and nothing more.
 *
 * @module
 */
import type { ClientChild } from "../design.ts";
import { printError } from "../posix/errors.ts";
import { memoryAt } from "../posix/memory.ts";
import { serve } from "../service/bytes.ts";
import { Slot, SLOT_BYTES } from "./meter.ts";
import type { ToldOfClient } from "./worker.ts";

self.addEventListener("message", async (event) => {
  const { connection, listing, slotAddress, extraCpu } = (event as MessageEvent<ToldOfClient>).data;
  try {
    const { child }: { child(child: ClientChild): void } = await import(listing);
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
