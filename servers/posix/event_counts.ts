/**
 * What the processor and the kernel count of a process and of all that it makes (perf_event_open(2)).
 *
 * @module
 */
import { SystemError } from "./errors.ts";
import { tryReadText } from "./files.ts";
import { close, read } from "./io.ts";
import { openEvent } from "./perf_events.ts";

const PERF_TYPE_HARDWARE = 0;
const PERF_TYPE_SOFTWARE = 1;

/** What is counted, instructions first: type and config of struct perf_event_attr. */
const EVENTS = {
  instructions: { type: PERF_TYPE_HARDWARE, config: 1 }, // PERF_COUNT_HW_INSTRUCTIONS
  cycles: { type: PERF_TYPE_HARDWARE, config: 0 }, // PERF_COUNT_HW_CPU_CYCLES
  pageFaults: { type: PERF_TYPE_SOFTWARE, config: 2 }, // PERF_COUNT_SW_PAGE_FAULTS
  migrations: { type: PERF_TYPE_SOFTWARE, config: 4 }, // PERF_COUNT_SW_CPU_MIGRATIONS
} as const;

/**
 * Whether events are counted, which adds some 0.2 to 0.4 µs of CPU time to each wake-up of a process, and more where
 * a hypervisor has to set the counters. `auto`: where instructions can be counted.
 */
export type Counting = "auto" | "always" | "never";

/** The name of an event. */
export type EventName = keyof typeof EVENTS;

/** Counts by event; null: it cannot be counted here. */
export type Events = Readonly<Record<EventName, number | null>>;

const NAMES = Object.keys(EVENTS) as EventName[];

/** A value for each event. */
function ofEach<T>(of: (name: EventName) => T): Record<EventName, T> {
  return Object.fromEntries(NAMES.map((name) => [name, of(name)])) as Record<EventName, T>;
}

const INHERITED = 2n;
/** PERF_FORMAT_TOTAL_TIME_ENABLED and _RUNNING: they differ where counters were too few for all events. */
const TIMES = 3n;
const ANY_PROCESSOR = -1;

const ACTION = "count events of a server";

/**
 * Events of a process, in user and kernel mode, and of all threads and processes that it makes after this, also of
 * those that have ended. Disposing ends the counting.
 */
export class EventCounts implements Disposable {
  readonly #all = ofEach<number | null>(() => null);
  readonly #own = ofEach<number | null>(() => null);

  /**
   * Begins to count what can be counted. 0 is the calling thread.
   *
   * @param isCounted whether the process itself counts, or only what it makes.
   */
  constructor(counting: Counting, process: number, isCounted: boolean) {
    for (const name of counting === "never" ? [] : NAMES) {
      // Instructions are the first.
      if (counting === "auto" && name !== "instructions" && this.#all.instructions === null) return;
      this.#all[name] = tryOpen(name, process, INHERITED);
      if (!isCounted) this.#own[name] = tryOpen(name, process, 0n);
    }
  }

  /** The counts so far. */
  read(): Events {
    return ofEach((name) => {
      const all = valueOf(this.#all[name]);
      return all === null ? null : all - (valueOf(this.#own[name]) ?? 0);
    });
  }

  [Symbol.dispose](): void {
    for (const counters of [this.#all, this.#own]) {
      for (const name of NAMES) {
        const descriptor = counters[name];
        if (descriptor !== null) close(descriptor);
        counters[name] = null;
      }
    }
  }
}

function open(name: EventName, process: number, flags: bigint): number {
  return openEvent(process, ANY_PROCESSOR, { ...EVENTS[name], readFormat: TIMES, flags }, ACTION);
}

function tryOpen(name: EventName, process: number, flags: bigint): number | null {
  try {
    return open(name, process, flags);
  } catch (error) {
    if (error instanceof SystemError) return null;
    throw error;
  }
}

/** The value of a counter; null: there is none, or it did not count all the time. */
function valueOf(descriptor: number | null): number | null {
  if (descriptor === null) return null;
  const words = new BigUint64Array(3);
  read(descriptor, new Uint8Array(words.buffer));
  const [value, enabled, running] = words;
  return enabled === running ? Number(value) : null;
}

/** What was counted in between. */
export function eventsBetween(from: Events, to: Events): Events {
  return ofEach((name) => {
    const [before, after] = [from[name], to[name]];
    // The counts of the process itself are read a little later than those of all.
    return before === null || after === null ? null : Math.max(0, after - before);
  });
}

/** The events that cannot be counted here, by name, and why. */
export function uncountedEvents(): Partial<Record<EventName, string>> {
  const reasons = NAMES.flatMap((name) => {
    try {
      close(open(name, 0, INHERITED));
      return [];
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return [[name, reasonOf(error)]];
    }
  });
  return Object.fromEntries(reasons);
}

function reasonOf({ code }: SystemError): string {
  if (code === "ENOENT" || code === "EOPNOTSUPP") return `${code}: the machine has no such counter`;
  const level = tryReadText("/proc/sys/kernel/perf_event_paranoid")?.trim();
  return `${code}: not allowed, kernel.perf_event_paranoid is ${level ?? "unknown"}`;
}
