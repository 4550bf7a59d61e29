/**
 * The load program: the clients of one server. Input and output are defined in `protocol.ts`.
 *
 * @module
 */
import {
  printEvent,
  readOptions,
  readRequest,
  runProgram,
} from "../servers/host/standard_streams.ts";
import { applyPlacement } from "../servers/host/placement.ts";
import { sleepUntil } from "../servers/posix/clocks.ts";
import { Signal } from "../servers/posix/signals.ts";
import { ownedClients } from "./owners.ts";
import { loadReport, spanOf, startClients } from "./load.ts";
import type { LoadEvent, LoadOptions, LoadRequest } from "./protocol.ts";
import { warmUpLoad } from "./task.ts";

const print: (event: LoadEvent) => void = printEvent;

async function main(): Promise<number> {
  const options = readOptions<LoadOptions>();
  applyPlacement(options.placement, Signal.KILL);
  if (options.owners === null) await warmUpLoad(options);
  const server = readRequest<Extract<LoadRequest, { request: "connect" }>>();
  if (server === undefined) return 0;
  const clients = options.owners === null
    ? await startClients(options, server)
    : await ownedClients(options, server, options.owners);
  print({ event: "ready" });
  const go = readRequest<Extract<LoadRequest, { request: "go" }>>();
  if (go?.at !== undefined) sleepUntil(go.at);
  const origin = go?.at === undefined ? undefined : go.at / 1e6;
  const allResults = go === undefined ? undefined : await clients.run(origin);
  // The parent has exited or cancelled the load. The clients die with this process.
  if (!allResults) return 0;
  const span = spanOf(allResults);
  print({ event: "finished", ...span });
  const report = await loadReport(allResults, clients.making, options, clients.workers?.());
  const counts = origin === undefined ? undefined : allResults[0]!.series.counts(span.end);
  print({ event: "report", report, counts });
  return 0;
}

if (import.meta.main) Deno.exit(await runProgram(main));
