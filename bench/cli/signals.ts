/**
 * Signals, and the end of the parent process.
 *
 * @module
 */
import { dieWithParent, getppid } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Sends this process SIGTERM when its parent ends. */
export function endWithParent(): void {
  dieWithParent(getppid(), Signal.TERM);
}

/** Resolves on SIGINT (^C), SIGTERM or SIGHUP. */
export function stopSignal(): Promise<"stopped"> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, () => resolve("stopped"));
  });
}

/** Aborts on SIGINT (^C), SIGTERM or SIGHUP. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  stopSignal().then(() => controller.abort());
  return controller.signal;
}
