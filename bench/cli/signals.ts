/**
 * Signals, and the end of the parent process.
 *
 * @module
 */
import { closeAllBut, pipe } from "../../servers/posix/descriptors.ts";
import { Errno, hasErrno, SystemError } from "../../servers/posix/errors.ts";
import { fork } from "../../servers/posix/fork.ts";
import { close, read, write } from "../../servers/posix/io.ts";
import {
  dieWithParent,
  getpid,
  getppid,
  kill,
  parentExit,
  waitForExit,
} from "../../servers/posix/processes.ts";
import { ignore, isIgnored, Signal } from "../../servers/posix/signals.ts";

const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Sends this process SIGTERM when its parent ends. The parent-death signal of prctl(2) would come as soon as the
 * thread that started this process ends: in Python, Go and others that may be any one.
 */
export function endWithParent(): void {
  // Once: tests run many commands in a process, and each watch has a descriptor.
  ending ??= parentExit().then(() => kill(getpid(), Signal.TERM));
}

let ending: Promise<void> | undefined;

/**
 * The same for a command whose main thread will block: a process of its own watches the parent. Where fork does not
 * work it ends with the thread that started it.
 */
export function endWithParentThoughBlocked(): void {
  const parent = getppid();
  if (!startWatching(parent, getpid())) dieWithParent(parent, Signal.TERM);
}

/** Forks a process that sends SIGTERM to another one, its own parent, when a third one ends; false if that fails. */
function startWatching(watched: number, own: number): boolean {
  const [input, output] = pipe();
  try {
    fork(() => {
      dieWithParent(own, Signal.KILL);
      write(output, new Uint8Array(1), 1);
      closeAllBut([]);
      try {
        while (!waitForExit(watched, -1));
      } catch (error) {
        // Otherwise it cannot be watched from here: that of a container's first process, for one.
        if (!hasErrno(error, Errno.ESRCH)) return;
      }
      kill(own, Signal.TERM);
    });
    close(output);
    return read(input, new Uint8Array(1)) > 0;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    close(output);
    return false;
  } finally {
    close(input);
  }
}

/** Resolves on SIGINT (^C), SIGTERM or SIGHUP; under nohup(1) SIGHUP stays ignored. */
export function stopSignal(): Promise<"stopped"> {
  const outlivesTerminal = isIgnored(Signal.HUP);
  return new Promise((resolve) => {
    for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, () => resolve("stopped"));
    // With the first listener Deno catches it, whichever signal that is for.
    if (outlivesTerminal) ignore(Signal.HUP);
  });
}

/** Aborts on SIGINT (^C), SIGTERM or SIGHUP. */
export function interrupted(): AbortSignal {
  const controller = new AbortController();
  stopSignal().then(() => controller.abort());
  return controller.signal;
}
