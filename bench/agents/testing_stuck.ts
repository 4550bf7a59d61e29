/** A program that does not end when it is to, with a child that is stopped, for the test of how it is ended. */
import { applyPlacement } from "../../servers/host/placement.ts";
import type { Placement } from "../../servers/host/protocol.ts";
import { printEvent, readOptions } from "../../servers/host/standard_streams.ts";
import { kill } from "../../servers/posix/processes.ts";
import { spawn } from "../../servers/posix/programs.ts";
import { Signal } from "../../servers/posix/signals.ts";

if (import.meta.main) {
  const { placement } = readOptions<{ readonly placement: Placement }>();
  applyPlacement(placement, Signal.KILL);
  const SIGSTOP = 19;
  kill(spawn("/bin/sleep", ["1000"]), SIGSTOP);
  Deno.addSignalListener("SIGTERM", () => {});
  printEvent({ event: "marked" });
  setInterval(() => {}, 1000);
}
