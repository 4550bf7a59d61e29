/**
 * The program of a Worker that is a client.
 *
 * @module
 */
import { causeOf } from "../servers/posix/errors.ts";
import { read } from "../servers/posix/io.ts";
import { bufferAt } from "../servers/posix/libc.ts";
import { ClientResults } from "./client.ts";
import { Series } from "./series.ts";
import { warmUpLoad, workOf } from "./task.ts";
import type { ClientEvent, ClientStart } from "./threads.ts";

const send = (event: ClientEvent) => (self as unknown as Worker).postMessage(event);

self.addEventListener("message", async (event) => {
  const { options, server, address, seriesAddress, gate } =
    (event as MessageEvent<ClientStart>).data;
  try {
    // Threads do not share compiled code.
    await warmUpLoad(options);
    const { before, run } = await workOf(options, server);
    before(new ClientResults(), "thread");
    send({ event: "ready" });
    read(gate, new Uint8Array(1));
    const series = new Series(bufferAt(seriesAddress, Series.BYTES));
    const results = new ClientResults(bufferAt(address, ClientResults.BYTES), 0, series);
    run(results, "thread");
    send({ event: "finished" });
  } catch (error) {
    send({ event: "failed", reason: causeOf(error) });
  }
  self.close();
});
