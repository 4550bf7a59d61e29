/**
 * How a command ends: with its parent, and at signals.
 *
 * @module
 */
import { dieWithParent, getppid } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** From now on this process receives SIGTERM when its parent ends. */
export function endWithParent(): void {
  dieWithParent(getppid(), Signal.TERM);
}

/** Resolves at SIGINT (^C), SIGTERM or SIGHUP. */
export function stopSignal(): Promise<"stopped"> {
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, () => resolve("stopped"));
  });
}

/** Aborts at SIGINT (^C), SIGTERM or SIGHUP. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  stopSignal().then(() => controller.abort());
  return controller.signal;
}
