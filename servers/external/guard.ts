/**
 * The guard of an external server: a process between it and its host. It starts the program, waits for all
 * processes below it, and tells the host how each ended. What the program leaves behind becomes its child
 * (prctl(2), PR_SET_CHILD_SUBREAPER). When the host ends, also by SIGKILL, the guard kills all that is left.
 *
 * @module
 */
import { linesOf } from "../host/lines.ts";
import type { Cgroup } from "../posix/cgroup.ts";
import { closeAllBut, pipe } from "../posix/descriptors.ts";
import { changeFolder, openNothing, removeAll, setEnvironment } from "../posix/folders.ts";
import { forkAgain, forkHeld } from "../posix/fork.ts";
import { close, readAsync, write } from "../posix/io.ts";
import { processesBelow } from "../posix/process_tree.ts";
import {
  becomeSubreaper,
  dieWithParent,
  type ExitStatus,
  getpid,
  kill,
  reapOne,
  startProcessGroup,
  startSession,
} from "../posix/processes.ts";
import { exec } from "../posix/programs.ts";
import { blockSignals, restoreSignals, Signal, waitForSignal } from "../posix/signals.ts";

/** How the program is started. */
export interface Launch {
  readonly path: string;
  readonly args: readonly string[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly workingFolder: string;
  /** Descriptor of its standard output and error. */
  readonly output: number;
  readonly session: "own" | "same";
  readonly cgroup: Cgroup | undefined;
  /** Removed at the end. */
  readonly temporary: string;
}

/** What a guard tells. */
export type GuardLine =
  /** The program runs as this process, or is about to. */
  | { readonly event: "started"; readonly pid: number }
  /** It could not be executed. */
  | { readonly event: "failed"; readonly message: string }
  /** A child of the guard has ended. */
  | { readonly event: "ended"; readonly end: ExitStatus };

/** Forks a guard. Returns its process, what has it start the program, and what it tells until it ends. */
export function startGuard(
  launch: Launch,
): { pid: number; begin: () => void; lines: AsyncIterable<GuardLine> } {
  const [reading, writing] = pipe();
  const host = getpid();
  const held = forkHeld(() => guard(launch, host, writing));
  close(writing);
  return { ...held, lines: linesFrom(reading) };
}

async function* linesFrom(descriptor: number): AsyncGenerator<GuardLine> {
  for await (const line of linesOf(chunksOf(descriptor))) yield JSON.parse(line);
}

async function* chunksOf(descriptor: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(4096);
  for (let length; (length = await readAsync(descriptor, buffer)) > 0;) {
    yield buffer.subarray(0, length);
  }
  close(descriptor);
}

/** Runs in a process of its own. SIGTERM, from the host or at its end, has it kill all that is left. */
function guard(launch: Launch, host: number, report: number): void {
  // Else it would be killed together with the host, by whoever kills the host's process group.
  startProcessGroup();
  blockSignals(Signal.CHLD, Signal.TERM);
  becomeSubreaper();
  closeAllBut([report, launch.output]);
  const own = getpid();
  let isLast = false;
  const pid = forkAgain(() => become(launch, own, report));
  tell(report, { event: "started", pid });
  dieWithParent(host, Signal.TERM);
  for (let left = true; left;) {
    isLast ||= waitForSignal(Signal.CHLD, Signal.TERM) === Signal.TERM;
    for (let end; (end = reapOne());) tell(report, { event: "ended", end });
    const living = processesBelow(own);
    // Who is forked meanwhile is found when its parent has ended.
    if (isLast) living.forEach((pid) => kill(pid, Signal.KILL));
    left = living.length > 0;
    if (left && isLast) waitForSignal(Signal.CHLD);
  }
  removeAll(launch.temporary);
}

/** Becomes the program; returns the exit code if it cannot. */
function become(launch: Launch, guard: number, report: number): number {
  try {
    dieWithParent(guard, Signal.KILL);
    if (launch.session === "own") startSession();
    else startProcessGroup();
    launch.cgroup?.enter();
    changeFolder(launch.workingFolder);
    for (const [name, value] of launch.environment) setEnvironment(name, value);
    restoreSignals();
    exec(launch.path, launch.args, [openNothing(), launch.output, launch.output], 0);
  } catch (error) {
    tell(report, { event: "failed", message: (error as Error).message });
    return NOT_EXECUTED;
  }
}

/** As of a shell that cannot execute a program. */
const NOT_EXECUTED = 126;

function tell(report: number, line: GuardLine): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  try {
    write(report, bytes, bytes.length);
  } catch {
    // The host has ended.
  }
}
