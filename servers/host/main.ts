/**
 * The server program: the host of one server. It reads and prints the lines of `protocol.ts`.
 *
 * @module
 */
import type { Status } from "../children/status.ts";
import type { Design } from "../design.ts";
import { requireDesign } from "../designs.ts";
import { ExitCode } from "../errors.ts";
import { Signal } from "../posix/signals.ts";
import { Host } from "./host.ts";
import { linesOf, standardInput } from "./lines.ts";
import { applyPlacement } from "./placement.ts";
import type { ServerEvent, ServerOptions, ServerRequest } from "./protocol.ts";
import type { Served } from "./running.ts";
import { printEvent, readOptions, runProgram } from "./standard_streams.ts";

const print: (event: ServerEvent<null>) => void = printEvent;

/** What `stopped` resolves with. */
const STOPPED = Symbol("stopped");

/** Runs a design's server until it is stopped or fails; returns the exit code. */
export function serve(design: Design, options: ServerOptions): Promise<number> {
  return run(options, () => Host.start(design, options, printStatus));
}

/** Runs what `start` returns until it is stopped or fails; returns the exit code. */
export async function run(
  { design, placement }: Pick<ServerOptions, "design" | "placement">,
  start: () => Served | Promise<Served>,
): Promise<number> {
  // SIGTERM, not SIGKILL, so that the host can end its processes in order.
  applyPlacement(placement, Signal.TERM);
  const { promise: stopped, resolve } = Promise.withResolvers<typeof STOPPED>();
  const stop = () => resolve(STOPPED);
  const host = await start();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, stop);
  }
  readRequests(host, stop);
  const early = await Promise.race([host.ready, host.failed, stopped]).catch(async (error) => {
    await host.stop();
    throw error;
  });
  if (early === undefined) {
    const { host: name, port, path = null } = host.address;
    print({ event: "ready", design, pid: Deno.pid, host: name, port, path });
  }
  const ended = await Promise.race([host.failed, stopped]);
  const report = await host.stop();
  const failure = ended === STOPPED ? host.stopFailure ?? null : ended;
  print({ event: "report", report, failure });
  return failure === null ? ExitCode.ok : ExitCode.failed;
}

function printStatus(status: Status): void {
  if (status.kind === "prepared" || status.kind === "ready") return;
  const { kind, index, pid } = status;
  if (kind === "ended" || kind === "stopped") print({ event: kind, index, pid });
  else print({ event: kind, index, pid, reason: status.reason });
}

/** Handles requests until the end of input, which stops the server. */
async function readRequests(host: Served, stop: () => void): Promise<void> {
  const requests: Record<ServerRequest["request"], () => void | Promise<void>> = {
    async mark() {
      await host.mark();
      print({ event: "marked" });
    },
    counts() {
      const counts = host.liveCounts?.();
      if (counts) print({ event: "counts", counts });
    },
    stop,
  };
  for await (const line of linesOf(standardInput())) {
    const { request }: ServerRequest = JSON.parse(line);
    await requests[request]();
  }
  stop();
}

if (import.meta.main) {
  Deno.exit(
    await runProgram(() => {
      const options = readOptions<ServerOptions>();
      return serve(requireDesign(options.design), options);
    }),
  );
}
