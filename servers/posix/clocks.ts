/**
 * CPU time and resource usage, of this process and of others. Seconds throughout.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { libc } from "./libc.ts";

/** Size of struct rusage on 64-bit Linux. */
export const RUSAGE_BYTES = 144;

/** What getrusage(2) and wait4(2) tell. user + system is exact; how it splits is tick-based. */
export interface Usage {
  readonly user: number;
  readonly system: number;
  readonly voluntary: number;
  readonly involuntary: number;
}

/** Reads a struct rusage. */
export function parseUsage(rusage: DataView): Usage {
  // The lower half of each long: seconds, microseconds and switches of one process fit, and no BigInt is
  // made for each process that is waited for.
  const long = (at: number) => rusage.getUint32(at, true);
  return {
    user: long(0) + long(8) / 1e6,
    system: long(16) + long(24) / 1e6,
    voluntary: long(128),
    involuntary: long(136),
  };
}

/** Whose usage getrusage(2) tells. */
const WHO = { process: 0, thread: 1, children: -1 } as const;

/** Usage of this process (all its threads), of this thread, or of the children that were waited for. */
export function usage(who: keyof typeof WHO = "process"): Usage {
  const rusage = new Uint8Array(RUSAGE_BYTES);
  checked(libc.getrusage(WHO[who], rusage), "getrusage", "read resource usage");
  return parseUsage(new DataView(rusage.buffer));
}

/**
 * What keeps this thread busy for so many nanoseconds of CPU time (CLOCK_THREAD_CPUTIME_ID, see
 * clock_gettime(2)) each time it is called. As reading that clock takes a while itself, a turn may be too
 * long; the next one is the shorter for it, so that it comes out right on average.
 */
export function cpuBurner(nanoseconds: number): () => void {
  let owed = 0;
  return () => {
    owed += nanoseconds;
    if (owed <= 0) return;
    const start = threadNanoseconds();
    let spent = 0;
    for (let reads = 2; spent < owed; reads++) {
      // From the first read to the last lie all but one of them.
      spent = (threadNanoseconds() - start) * reads / (reads - 1);
    }
    owed = Math.max(owed - spent, -MOST_AHEAD);
  };
}

/** Nanoseconds, several reads of the clock. What is longer was an interrupt: no turn is to pay for that. */
const MOST_AHEAD = 50_000;

/** CLOCK_THREAD_CPUTIME_ID of <time.h>. */
const THREAD_CPU_CLOCK = 3;

function threadNanoseconds(): number {
  libc.clock_gettime(THREAD_CPU_CLOCK, timespec);
  // The lower halves: a thread that has run for a century is not worth a BigInt.
  return timespecView.getUint32(0, true) * 1e9 + timespecView.getUint32(8, true);
}

/** Lets this thread sleep. */
export function sleep(milliseconds: number): void {
  libc.poll(NO_DESCRIPTORS, 0, milliseconds);
}

const NO_DESCRIPTORS = new Uint8Array(0);

const timespec = new Uint8Array(16);
const timespecView = new DataView(timespec.buffer);

/**
 * CPU seconds of a process so far, also of another one and of one that ended and was not waited for;
 * undefined where there is no such process.
 */
export function processCpu(pid: number): number | undefined {
  return readClock((~pid << 3) | CPUCLOCK_SCHED);
}

/** CPU seconds of a thread of this process so far; undefined where there is no such thread. */
export function threadCpu(tid: number): number | undefined {
  return readClock((~tid << 3) | CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED);
}

// How clock_getcpuclockid(3) makes a clock's number from a process's (include/linux/posix-timers.h).
const CPUCLOCK_SCHED = 2;
const CPUCLOCK_PERTHREAD = 4;

function readClock(clock: number): number | undefined {
  if (libc.clock_gettime(clock, timespec) !== 0) return undefined;
  return Number(timespecView.getBigInt64(0, true)) +
    Number(timespecView.getBigInt64(8, true)) / 1e9;
}

const CLOCK_MONOTONIC = 1;

/** Nanoseconds since the system started, the same for every process (to some ns after a hundred days). */
export function monotonicNanoseconds(): number {
  libc.clock_gettime(CLOCK_MONOTONIC, timespec);
  return timespecView.getUint32(0, true) * 1e9 + timespecView.getUint32(8, true);
}
