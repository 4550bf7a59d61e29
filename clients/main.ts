/**
 * The load program: the clients of one server. Input and output are defined in `protocol.ts`.
 *
 * @module
 */
import { printEvent, readOptions, runProgram } from "../servers/host/standard_streams.ts";
import { applyPlacement } from "../servers/host/placement.ts";
import { Signal } from "../servers/posix/signals.ts";
import { loadReport, prepareLoad } from "./load.ts";
import type { LoadEvent, LoadOptions } from "./protocol.ts";

const print: (event: LoadEvent) => void = printEvent;

async function main(): Promise<number> {
  const options = readOptions<LoadOptions>();
  applyPlacement(options.placement, Signal.KILL);
  const clients = await prepareLoad(options);
  print({ event: "ready" });
  const allResults = clients.awaitRequest() && clients.run();
  // The parent has exited or cancelled the load. The clients die with this process.
  if (!allResults) return 0;
  print({ event: "finished" });
  print({ event: "report", report: await loadReport(allResults) });
  return 0;
}

if (import.meta.main) Deno.exit(await runProgram(main));
