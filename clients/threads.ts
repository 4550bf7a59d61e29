/**
 * The clients of a load as threads (Workers), where fork does not work.
 *
 * @module
 */
import { FailedError } from "../servers/errors.ts";
import type { Listening } from "../servers/host/protocol.ts";
import { pipe } from "../servers/posix/descriptors.ts";
import { close, readAsync } from "../servers/posix/io.ts";
import { shareMemory } from "../servers/posix/memory.ts";
import { ClientResults, type Clients, now } from "./client.ts";
import type { LoadOptions } from "./protocol.ts";
import { processesOf } from "./task.ts";
import { Series } from "./series.ts";

const STDIN = 0;
const PROGRAM = new URL("./thread_main.ts", import.meta.url);

/** Start message of a client. */
export interface ClientStart {
  readonly options: LoadOptions;
  readonly server: Listening;
  /** Address of its results. */
  readonly address: bigint;
  /** Address of the series of all clients. */
  readonly seriesAddress: bigint;
  /** Read end of a pipe that is closed when the clients start. */
  readonly gate: number;
}

/** What a client reports. */
export type ClientEvent =
  | { readonly event: "ready" | "finished" }
  | { readonly event: "failed"; readonly reason: string };

/** Starts the threads and waits until they have warmed up. @throws {FailedError} if one failed. */
export async function startThreads(options: LoadOptions, server: Listening): Promise<Clients> {
  const count = processesOf(options);
  const { buffer, address } = shareMemory(count * ClientResults.BYTES);
  const { buffer: seriesBuffer, address: seriesAddress } = shareMemory(Series.BYTES);
  const series = new Series(seriesBuffer);
  const [gate, gateWriter] = pipe();
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {}); // between the two waits
  const fail = (reason: string) => reject(new FailedError(`Cannot load: a client died: ${reason}`));
  const clients = Array.from({ length: count }, (_, i) => {
    const events = {
      ready: Promise.withResolvers<void>(),
      finished: Promise.withResolvers<void>(),
    };
    const worker = new Worker(PROGRAM, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<ClientEvent>) => {
      if (data.event === "failed") fail(data.reason);
      else events[data.event].resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault(); // or the error ends the load, too
      fail(event.message);
    };
    const at = address + BigInt(i * ClientResults.BYTES);
    worker.postMessage({ options, server, address: at, seriesAddress, gate } satisfies ClientStart);
    return events;
  });
  await Promise.race([failed, Promise.all(clients.map(({ ready }) => ready.promise))]);
  return {
    making: "worker",
    async run(origin = now()) {
      series.start(origin);
      close(gateWriter);
      const finished = Promise.all(clients.map(({ finished }) => finished.promise));
      const results = finished.then(() =>
        clients.map((_, i) => new ClientResults(buffer, i, series))
      );
      const ended = readAsync(STDIN, new Uint8Array(1)).then(() => undefined);
      return await Promise.race([failed, ended, results]);
    },
  };
}
