/**
 * The processes below a process, whatever programs they run, and their threads.
 *
 * @module
 */
import { processCpu } from "./clocks.ts";
import { contextSwitches, cpuTicks, namesIn, reapedTicks, tryReadText } from "./files.ts";

/** A thread of a process. */
export interface ThreadState {
  /** Its name (PR_SET_NAME of prctl(2)), at most 15 bytes. */
  readonly name: string;
  /** CPU seconds, from the scheduler's statistics; 0 if the kernel has none. */
  readonly cpu: number;
}

/** User and system time, in clock ticks of 10 ms. */
type Ticks = ReturnType<typeof cpuTicks>;

/** What a process has used so far. */
export interface ProcessState {
  readonly pid: number;
  readonly name: string;
  /** CPU seconds, exact, of all its threads, also those that have ended. */
  readonly cpu: number;
  readonly ticks: Ticks;
  /** Of the children that it has waited for, with those that they had waited for. */
  readonly reaped: Ticks;
  /** Context switches of the threads that live. */
  readonly switches: { readonly voluntary: number; readonly involuntary: number };
  /** By number. */
  readonly threads: ReadonlyMap<number, ThreadState>;
}

/** The threads of a process by number; none if it has ended. */
function threadsOf(pid: number): number[] {
  try {
    return namesIn(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** The children that any thread of a process has forked or adopted, zombies included (proc_tid_children(5)). */
function childrenOfThreads(pid: number): number[] {
  return threadsOf(pid).flatMap((tid) =>
    tryReadText(`/proc/${pid}/task/${tid}/children`)?.split(" ").filter(Boolean).map(Number) ?? []
  );
}

/** The processes below a process: its children, their children, and so on; zombies included. */
export function processesBelow(pid: number): number[] {
  return childrenOfThreads(pid).flatMap((child) => [child, ...processesBelow(child)]);
}

/** Reads what a process has used; undefined if there is no such process. */
export function processState(pid: number): ProcessState | undefined {
  const cpu = processCpu(pid);
  if (cpu === undefined) return undefined;
  const switches = { voluntary: 0, involuntary: 0 };
  const threads = new Map<number, ThreadState>();
  for (const tid of threadsOf(pid)) {
    const folder = `/proc/${pid}/task/${tid}`;
    const { voluntary, involuntary } = contextSwitches(folder);
    switches.voluntary += voluntary;
    switches.involuntary += involuntary;
    threads.set(tid, { name: nameIn(folder), cpu: scheduledSeconds(folder) });
  }
  return {
    pid,
    name: nameIn(`/proc/${pid}`),
    cpu,
    ticks: cpuTicks(pid),
    reaped: reapedTicks(pid),
    switches,
    threads,
  };
}

function nameIn(folder: string): string {
  return (tryReadText(`${folder}/comm`) ?? "").trimEnd();
}

function scheduledSeconds(folder: string): number {
  return Number(tryReadText(`${folder}/schedstat`)?.split(" ")[0] ?? 0) / 1e9;
}
