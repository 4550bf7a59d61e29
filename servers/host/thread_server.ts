/**
 * A server made of threads: Workers of the host. This starts and watches it; it ends with the host, since a
 * Worker blocked in a system call cannot be terminated alone.
 *
 * @module
 */
import type { Slot } from "../children/meter.ts";
import type { Setup } from "../children/setup.ts";
import type { Status } from "../children/status.ts";
import { DESCRIPTORS_PER_CLIENT, descriptorsForPool } from "../children/worker_room.ts";
import { WorkerStarter } from "../children/worker_starter.ts";
import { UnsupportedError } from "../errors.ts";
import { processCpu, threadCpu, usage } from "../posix/clocks.ts";
import type { Cgroup } from "../posix/cgroup.ts";
import { EventCounts, type Events } from "../posix/event_counts.ts";
import { contextSwitches, cpuTicks, proportionalMemory } from "../posix/files.ts";
import { allowTracing, descriptorLimit, getpid } from "../posix/processes.ts";
import type { Accounting, Running } from "./running.ts";
import type { OtherAccount, Readings, Use } from "./snapshot.ts";

/** @throws {UnsupportedError} if this process may not have the descriptors that its threads need. */
function requireDescriptors({ design: { lifetime }, handles: { children } }: Setup): void {
  const [threads, needed] = lifetime === "pool"
    ? [`${children} threads`, descriptorsForPool(children)]
    : ["a thread per client", DESCRIPTORS_PER_CLIENT];
  const limit = descriptorLimit();
  if (needed <= limit) return;
  throw new UnsupportedError(
    `Cannot run ${threads}: that needs ${needed} open files, a process may have ${limit}; ` +
      `write ulimit -n ${needed}`,
  );
}

/** Starts the server's main thread, or what a library asks for; `onStatus` gets deaths of children. */
export function startThreads(
  setup: Setup,
  { cgroup, counters }: Accounting,
  onStatus: (status: Status) => void,
): Running {
  const { handles: { listener, children, traceable }, listing } = setup;
  requireDescriptors(setup);
  if (traceable) allowTracing();
  const hasEntered = cgroup?.enter();
  if (hasEntered === false) cgroup!.remove();
  // The account of threads that come with clients has that of their maker, the host's own thread.
  const events = new EventCounts(counters, 0, setup.design.lifetime === "client");
  const threads = new Threads(setup, { cgroup: hasEntered ? cgroup : undefined, events });
  const fail = (reason: string) => threads.fail(reason);
  const starter = new WorkerStarter(setup, { onStatus, fail });
  threads.onOpened = () => starter.opened();
  if (listing.start) {
    const startThread = (program: URL) => starter.startLibraryThread(program);
    listing.start({ listener, children, startThread, fail });
  } else starter.startMain();
  return threads;
}

/** The running threads, seen from the host's own. */
class Threads implements Running, Readings {
  readonly ended: Promise<string>;
  readonly readings = this;
  /** Called when the server listens. */
  onOpened = () => {};
  readonly #setup: Setup;
  readonly #cgroup: Cgroup | undefined;
  readonly #events: EventCounts;
  readonly #host = getpid();
  #setEnded!: (reason: string) => void;
  #hasFailed = false;
  /** CPU seconds that the host's thread has used for reading memory. */
  #readingCpu = 0;

  constructor(
    setup: Setup,
    { cgroup, events }: { readonly cgroup: Cgroup | undefined; readonly events: EventCounts },
  ) {
    this.#setup = setup;
    this.#cgroup = cgroup;
    this.#events = events;
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
  }

  /** Ends the server with a reason, and prints it to standard error, as a process does. The first one counts. */
  fail(reason: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    console.error(reason);
    this.#setEnded(reason);
  }

  // The threads share the socket with the host.
  opened(): void {
    this.onOpened();
  }

  end(): Promise<void> {
    // The host exits next, and with it every thread.
    this.#events[Symbol.dispose]();
    this.#cgroup?.leave();
    this.#cgroup?.remove();
    return Promise.resolve();
  }

  parent(slot: Slot): Use {
    return useOf(slot.pid);
  }

  child(slot: Slot): Use {
    return this.#perClient ? this.#everythingElse() : useOf(slot.pid);
  }

  /** CPU time of the whole process; without the host's own thread, unless that makes the Workers. */
  otherAccount(): OtherAccount {
    const { source, cpuSeconds } = this.#cgroup ??
      { source: "schedstat", cpuSeconds: processCpu(this.#host)! } as const;
    const own = this.#perClient ? this.#readingCpu : threadCpu(this.#host)!;
    return { source, cpuSeconds: cpuSeconds - own };
  }

  events(): Events {
    return this.#events.read();
  }

  // Threads share all memory.
  memory(): null {
    return null;
  }

  allMemory(): number | null {
    const before = threadCpu(this.#host)!;
    const bytes = proportionalMemory(this.#host);
    this.#readingCpu += threadCpu(this.#host)! - before;
    return bytes;
  }

  get #perClient(): boolean {
    return this.#setup.design.lifetime === "client";
  }

  // The split of one thread's time cannot be read from outside: that of the process is used.
  parentTimes() {
    return cpuTicks(this.#host);
  }

  childTimes() {
    return cpuTicks(this.#host);
  }

  /**
   * Resources used by all threads but the parent, dead ones included, and the host's own, which only makes
   * them and reads their memory.
   */
  #everythingElse(): Use {
    const { voluntary, involuntary } = usage("process");
    const parent = useOf(this.#setup.meter.parent.pid);
    return {
      cpu: processCpu(this.#host)! - parent.cpu - this.#readingCpu,
      switches: {
        voluntary: voluntary - parent.switches.voluntary,
        involuntary: involuntary - parent.switches.involuntary,
      },
    };
  }
}

function useOf(tid: number): Use {
  // Nobody lives in the slot.
  if (tid === 0) return { cpu: 0, switches: { voluntary: 0, involuntary: 0 } };
  return { cpu: threadCpu(tid) ?? 0, switches: contextSwitches(`/proc/self/task/${tid}`) };
}
