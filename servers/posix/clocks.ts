/**
 * Clocks, CPU time and resource usage, in seconds unless stated otherwise.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { libc } from "./libc.ts";

/** Size of struct rusage on 64-bit Linux. */
export const RUSAGE_BYTES = 144;

/** Resource usage (getrusage(2), wait4(2)). user + system is exact; the split is tick-based. */
export interface Usage {
  /** CPU seconds in user mode. */
  readonly user: number;
  /** CPU seconds in the kernel. */
  readonly system: number;
  /** Voluntary context switches. */
  readonly voluntary: number;
  /** Involuntary context switches. */
  readonly involuntary: number;
}

/** Parses a struct rusage. */
export function parseUsage(rusage: DataView): Usage {
  // Only the lower half of each long: the values of one process fit, and no BigInt is allocated.
  const long = (at: number) => rusage.getUint32(at, true);
  return {
    user: long(0) + long(8) / 1e6,
    system: long(16) + long(24) / 1e6,
    voluntary: long(128),
    involuntary: long(136),
  };
}

/** Values of the `who` argument of getrusage(2). */
const WHO = { process: 0, thread: 1, children: -1 } as const;

/** Usage of this process with all its threads, of this thread, or of all reaped children (getrusage(2)). */
export function usage(who: keyof typeof WHO = "process"): Usage {
  const rusage = new Uint8Array(RUSAGE_BYTES);
  checked(libc.getrusage(WHO[who], rusage), "getrusage", "read resource usage");
  return parseUsage(new DataView(rusage.buffer));
}

/**
 * Returns a function that consumes the given nanoseconds of CPU time (CLOCK_THREAD_CPUTIME_ID, see
 * clock_gettime(2)) per call. Reading the clock takes time itself, so one call may take longer; later calls
 * are shortened by the excess, and the average is right.
 */
export function cpuBurner(nanoseconds: number): () => void {
  let due = 0;
  return () => {
    due += nanoseconds;
    if (due <= 0) return;
    const start = threadNanoseconds();
    let spent = 0;
    for (let reads = 2; spent < due; reads++) {
      // The interval from the first read to the last contains all reads but one.
      spent = (threadNanoseconds() - start) * reads / (reads - 1);
    }
    due = Math.max(due - spent, -MAX_EXCESS);
  };
}

/** Nanoseconds; several reads of the clock. More was an interruption and does not shorten later calls. */
const MAX_EXCESS = 50_000;

/** CLOCK_THREAD_CPUTIME_ID of <time.h>. */
const THREAD_CPU_CLOCK = 3;

function threadNanoseconds(): number {
  libc.clock_gettime(THREAD_CPU_CLOCK, timespec);
  // The lower halves suffice for a century of CPU time and need no BigInt.
  return timespecView.getUint32(0, true) * 1e9 + timespecView.getUint32(8, true);
}

/** Blocks this thread for a number of milliseconds, or until a signal is handled (poll(2)). */
export function sleep(milliseconds: number): void {
  libc.poll(NO_DESCRIPTORS, 0, milliseconds);
}

const NO_DESCRIPTORS = new Uint8Array(0);

const timespec = new Uint8Array(16);
const timespecView = new DataView(timespec.buffer);

/**
 * CPU seconds used so far by a process, which may be a zombie (clock_getcpuclockid(3)); undefined if there
 * is no such process.
 */
export function processCpu(pid: number): number | undefined {
  return readClock((~pid << 3) | CPUCLOCK_SCHED);
}

/** CPU seconds used so far by a thread of this process; undefined if there is no such thread. */
export function threadCpu(tid: number): number | undefined {
  return readClock((~tid << 3) | CPUCLOCK_PERTHREAD | CPUCLOCK_SCHED);
}

// Bits of the clock ID that clock_getcpuclockid(3) derives from a process ID (linux/posix-timers.h).
const CPUCLOCK_SCHED = 2;
const CPUCLOCK_PERTHREAD = 4;

function readClock(clock: number): number | undefined {
  if (libc.clock_gettime(clock, timespec) !== 0) return undefined;
  return Number(timespecView.getBigInt64(0, true)) +
    Number(timespecView.getBigInt64(8, true)) / 1e9;
}

const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

/**
 * Nanoseconds since boot, the same in every process (CLOCK_MONOTONIC). A number holds them exactly for a
 * hundred days, then to some nanoseconds.
 */
export function monotonicNanoseconds(): number {
  libc.clock_gettime(CLOCK_MONOTONIC, timespec);
  return timespecView.getUint32(0, true) * 1e9 + timespecView.getUint32(8, true);
}

/** The last part of a wait, in nanoseconds, for which a thread that sleeps may be late. */
const SPIN = 2e6;

/** Waits until `monotonicNanoseconds()` has come to a time: asleep, at last awake. */
export function sleepUntil(nanoseconds: number): void {
  const left = nanoseconds - monotonicNanoseconds() - SPIN;
  if (left > 0) sleep(Math.floor(left / 1e6));
  while (monotonicNanoseconds() < nanoseconds);
}

/** Seconds for which this machine was suspended since boot (clock_gettime(2): CLOCK_MONOTONIC stands still then). */
export function sleptSeconds(): number {
  return (readClock(CLOCK_BOOTTIME) ?? 0) - (readClock(CLOCK_MONOTONIC) ?? 0);
}
