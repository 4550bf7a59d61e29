/**
 * Clocks, CPU time and resource usage, in seconds unless stated otherwise.
 *
 * @module
 */
import { checked } from "./errors.ts";
import { type PinnedBytes, pinnedBytes } from "./io.ts";
import { libc as imported } from "./libc.ts";

/** As in `io.ts`. */
const libc = imported;

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
 * Consumes that many nanoseconds of this thread's CPU time, nearly all of them in user mode: it counts, and reads
 * the clock (CLOCK_THREAD_CPUTIME_ID, see clock_gettime(2)) after ever shorter counts. What a call consumes too much,
 * the next ones consume less, so the average is right.
 */
export function consumeCpu(nanoseconds: number): void {
  const due = nanoseconds - pace[EXCESS]!;
  let spent = 0;
  if (due > 0) {
    const start = threadNanoseconds();
    // In a forked child the first change of a page costs time, which is part of what is asked for.
    pace[EXCESS] = 0;
    let elapsed = 0;
    let share = FIRST_SHARE;
    do {
      const turns = 1 + Math.floor(Math.max(0, share * (due - spent) * pace[SPEED]!));
      count(turns);
      share = NEXT_SHARE;
      const before = elapsed;
      elapsed = threadNanoseconds() - start;
      learn(turns, elapsed - before);
      // The readings between the first and the last are in what they measure; one more is not.
      spent = elapsed + pace[READING]!;
    } while (due - spent > pace[READING]! / 2);
  }
  pace[EXCESS] = Math.min(spent - due, MAX_EXCESS);
}

/** Learns from a count and a reading of the clock, which together took so many nanoseconds. */
function learn(turns: number, nanoseconds: number): void {
  const counting = nanoseconds - pace[READING]!;
  if (counting < 0) pace[READING] = nanoseconds;
  // The speed changes with what else the processor does. A short count does not tell it.
  else if (counting > LONG_ENOUGH) pace[SPEED] = turns / counting;
}

/** What is known so far, in memory of its own: a number in a variable would be a new object with each change. */
const pace = new Float64Array(3);
/** Nanoseconds that a reading of the clock takes, at least. */
const READING = 0;
/** Turns of `count` in a nanosecond. */
const SPEED = 1;
/** Nanoseconds that the calls so far have consumed too much. */
const EXCESS = 2;

pace[READING] = 2000;
// So little that even the interpreter is not slower.
pace[SPEED] = 0.005;

/** Nanoseconds from which on a count tells the speed. */
const LONG_ENOUGH = 2000;
/** The share of the time that is counted first: a processor whose sibling has become busy is half as fast. */
const FIRST_SHARE = 0.4;
/** The share of what is left that is counted next, at the speed just learned. */
const NEXT_SHARE = 0.8;
/** Nanoseconds. An interruption that was charged to this thread, and was longer, does not shorten later calls more. */
const MAX_EXCESS = 10_000_000;

const counted = new Int32Array(1);

/** Counts. The result is kept, or V8 would leave out the loop. */
function count(turns: number): void {
  let value = counted[0]!;
  for (let i = 0; i < turns; i++) value = Math.imul(value, 1_664_525) + 1_013_904_223 | 0;
  counted[0] = value;
}

/** CLOCK_THREAD_CPUTIME_ID of <time.h>. */
const THREAD_CPU_CLOCK = 3;

function threadNanoseconds(): number {
  libc.clock_gettime(THREAD_CPU_CLOCK, timespec.pointer);
  // The lower halves suffice for a century of CPU time and need no BigInt.
  return timespecView.getUint32(0, true) * 1e9 + timespecView.getUint32(8, true);
}

/** Blocks this thread for a number of milliseconds, or until a signal is handled (poll(2)). */
export function sleep(milliseconds: number): void {
  libc.poll(null, 0, milliseconds);
}

/** Blocks this thread for that many nanoseconds (nanosleep(2)). Without `preciseTimers` it takes 50 µs more. */
export function sleepNanoseconds(nanoseconds: number): void {
  setTimespec(remaining, nanoseconds);
  // What remains after a signal replaces what was asked for.
  while (libc.nanosleep(remaining.pointer, remaining.pointer) < 0);
}

const remaining = newTimespec();

/** A struct timespec. */
export interface Timespec extends PinnedBytes {
  readonly view: DataView;
}

/** Allocates a struct timespec. */
export function newTimespec(): Timespec {
  const pinned = pinnedBytes(16);
  return { ...pinned, view: new DataView(pinned.bytes.buffer) };
}

/** Sets a time of less than a century. */
export function setTimespec({ view }: Timespec, nanoseconds: number): void {
  const seconds = Math.floor(nanoseconds / 1e9);
  view.setUint32(0, seconds, true);
  view.setUint32(8, nanoseconds - 1e9 * seconds, true);
}

/** From now on waits of this thread, and of processes it forks, end on time and not up to 50 µs later (prctl(2)). */
export function preciseTimers(): void {
  const PR_SET_TIMERSLACK = 29;
  libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
}

const timespec = newTimespec();
const timespecView = timespec.view;

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
  if (libc.clock_gettime(clock, timespec.pointer) !== 0) return undefined;
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
  libc.clock_gettime(CLOCK_MONOTONIC, timespec.pointer);
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
