/**
 * Children that a test forks, and programs of their own Deno process.
 *
 * @module
 */
import { sleep } from "../posix/clocks.ts";
import { fileStatus } from "../posix/files.ts";
import { fork } from "../posix/fork.ts";
import { type ExitStatus, kill, wait, waitForExit } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { pipe } from "../posix/descriptors.ts";
import { close, read, write } from "../posix/io.ts";
import { type Outcome, PATIENCE_SECONDS, RunningProcess } from "./process.ts";

/** Closes descriptors at the end of the block that uses it. */
export function closing(...descriptors: number[]): Disposable {
  return { [Symbol.dispose]: () => descriptors.forEach(close) };
}

/** Waits for a child; one that does not end is killed, and says so by its signal. */
export function waitFor(pid: number): ExitStatus {
  if (!waitForExit(pid, 1000 * PATIENCE_SECONDS)) kill(pid, Signal.KILL);
  return wait(pid)!;
}

/** Forks a child that runs `body`, and waits for it. */
export function inChild(body: () => number | void): ExitStatus {
  return waitFor(fork(body));
}

/** Forks a child, and returns once it says that it is ready. */
export function forkReady(body: (ready: () => void) => number | void): number {
  const [output, input] = pipe();
  using _ = closing(output);
  const byte = new Uint8Array(1);
  const pid = fork(() => body(() => write(input, byte, 1)));
  close(input);
  if (read(output, byte) === 0) throw new Error("the child ended before it was ready");
  return pid;
}

/** What a child does that waits to be killed; it ends by itself where a test forgets it. */
export function waitToBeKilled(): void {
  sleep(1000 * PATIENCE_SECONDS);
}

/** Waits until there is nothing at a path; false where that takes too long. */
export function isGone(path: string): boolean {
  for (const end = performance.now() + 1000 * PATIENCE_SECONDS; performance.now() < end;) {
    if (fileStatus(path) === undefined) return true;
    sleep(1);
  }
  return false;
}

/** Starts a program of its own Deno process, with an event loop; it imports from servers/. `via` a program. */
export function startProgram(program: string, via: readonly string[] = []): RunningProcess {
  const flags = ["eval", "--ext=ts", "--v8-flags=--single-threaded", program];
  return new RunningProcess([...via, Deno.execPath(), ...flags], {
    cwd: `${import.meta.dirname}/..`,
  });
}

/** Runs such a program to its end. */
export async function evaluate(program: string, via: readonly string[] = []): Promise<Outcome> {
  await using running = startProgram(program, via);
  return await running.ended();
}
