/**
 * A server made of processes: it is forked from the host, is single-threaded and runs a listing with blocking
 * calls. This starts, watches and ends it.
 *
 * @module
 */

import { becomeProgram } from "../children/async_server.ts";
import { Execs } from "../children/exec.ts";
import { Forks, warmUpForks } from "../children/fork.ts";
import type { Slot } from "../children/meter.ts";
import type { Pool } from "../children/pool.ts";
import { warmUpListing } from "../children/warm_up.ts";
import {
  announceAndWait,
  beginUnder,
  countShortages,
  enter,
  parentContext,
  type Setup,
} from "../children/setup.ts";
import { sendStatus, type Status } from "../children/status.ts";
import { Subprocesses } from "../children/subprocess.ts";
import type { Making } from "../design.ts";
import type { Cgroup } from "../posix/cgroup.ts";
import { processCpu } from "../posix/clocks.ts";
import { closeAllBut } from "../posix/descriptors.ts";
import { EventCounts, type Events } from "../posix/event_counts.ts";
import {
  childrenOf,
  contextSwitches,
  cpuTicks,
  descendantsOf,
  proportionalMemory,
  reapedCpuSeconds,
  schedstatSeconds,
  threadsOf,
} from "../posix/files.ts";
import { forkHeld } from "../posix/fork.ts";
import { close } from "../posix/io.ts";
import { becomeSubreaper, type ExitStatus, getpid, kill, waitAsync } from "../posix/processes.ts";
import { rebase } from "../posix/rebase.ts";
import { Signal } from "../posix/signals.ts";
import { LockWatch } from "./lock_watch.ts";
import type { Accounting, Running } from "./running.ts";
import type { OtherAccount, Readings, Use } from "./snapshot.ts";

/** Starts the server process. */
export function startProcesses(
  setup: Setup,
  { cgroup, counters }: Accounting,
  onStatus: (status: Status) => void,
): Running {
  becomeSubreaper();
  const host = getpid();
  const { pid: server, begin } = forkHeld(() => {
    cgroup?.enter();
    runServer(setup, host);
  }, () => setup.failureMessage("parent"));
  // What it makes is counted with it, since it has made nothing before.
  const events = new EventCounts(counters, server, true);
  begin();
  // Only the processes that wait at the gate need it.
  close(setup.handles.gate);
  return new Processes(setup, server, { cgroup, events }, onStatus);
}

/** Makers of children that are programs of their own; all others are forked and inherit compiled code. */
const programs: Partial<Record<Making, new (setup: Setup) => { readonly pool: Pool }>> = {
  subprocess: Subprocesses,
  exec: Execs,
};

/** Runs a design's listing in the process that calls this; it ends with the host. */
function runServer(setup: Setup, host: number): void {
  const { design, meter, listing, handles } = setup;
  beginUnder(host, handles);
  countShortages(setup);
  // The event loop stays in the host; its descriptors are not needed here.
  closeAllBut([
    ...handles.listeners,
    handles.status,
    handles.memory,
    handles.lockFile,
    handles.gate,
  ]);
  if (design.isAsync) becomeProgram(setup);
  const Program = programs[design.children];
  if (design.lifetime === "client" && !Program) {
    warmUpForks(setup);
    const how = rebase();
    sendStatus(handles.status, { kind: "prepared", index: 0, pid: getpid(), how });
  } else if (listing.warmUp) {
    listing.warmUp();
  } else if (!Program || design.passes === "free") {
    warmUpListing(setup);
  }
  const { pool } = new (Program ?? Forks)(setup);
  // Without children, the process itself counts as the only child.
  const own = design.lifetime === undefined ? meter.children[0]! : meter.parent;
  enter(own);
  // A pool is ready when its children are.
  if (design.lifetime !== "pool") announceAndWait(0, handles);
  listing.parent!(parentContext(setup, own, pool));
}

/** A running server process and its children, seen from the host. */
class Processes implements Running, Readings {
  readonly ended: Promise<string>;
  readonly readings = this;
  readonly #setup: Setup;
  readonly #server: number;
  readonly #cgroup: Cgroup | undefined;
  readonly #events: EventCounts;
  #hasEntered: boolean | undefined;
  readonly #gone: Promise<void>;
  readonly #lockWatch: LockWatch | undefined;
  #setEnded!: (reason: string) => void;

  constructor(
    setup: Setup,
    server: number,
    { cgroup, events }: { readonly cgroup: Cgroup | undefined; readonly events: EventCounts },
    onStatus: (status: Status) => void,
  ) {
    this.#setup = setup;
    this.#server = server;
    this.#cgroup = cgroup;
    this.#events = events;
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
    this.#gone = this.#reap();
    if (setup.design.lock) this.#lockWatch = new LockWatch(setup, onStatus);
  }

  opened(): void {
    this.#setup.handles.listeners.forEach(close);
  }

  async end(): Promise<void> {
    this.#lockWatch?.[Symbol.dispose]();
    // Its children end with it, by their parent-death signal; then the host is their parent and waits for them.
    kill(this.#server, Signal.KILL);
    // One that was stopped before it could ask for that signal would never end.
    for (const pid of descendantsOf(getpid())) kill(pid, Signal.KILL);
    await this.#gone;
    this.#events[Symbol.dispose]();
    this.#cgroup?.remove();
  }

  parent(slot: Slot): Use {
    return useOf([slot.pid]);
  }

  child(slot: Slot): Use {
    const { design: { threads, isAsync = false } } = this.#setup;
    const pids = this.#perClient ? childrenOf(this.#server) : [slot.pid];
    return useOf(pids, isAsync || threads !== undefined);
  }

  parentTimes(slot: Slot) {
    return cpuTicks(slot.pid);
  }

  childTimes({ ended, ready }: Slot, when: "mark" | "end") {
    return when === "end"
      ? ended
      : { user: ended.user + ready.user, system: ended.system + ready.system };
  }

  otherAccount(): OtherAccount {
    // Asked first when the server is ready: it has entered by then, or cannot.
    this.#hasEntered ??= this.#cgroup?.isEmpty === false;
    if (this.#cgroup && this.#hasEntered) {
      const { source, cpuSeconds } = this.#cgroup;
      return { source, cpuSeconds };
    }
    const seconds = this.#living().map(schedstatSeconds);
    const waitedFor = this.#perClient ? reapedCpuSeconds(this.#server) : 0;
    return { source: "schedstat", cpuSeconds: sum(seconds) + waitedFor };
  }

  events(): Events {
    return this.#events.read();
  }

  memory({ pid }: Slot): number | null {
    return pid === 0 ? null : proportionalMemory(pid);
  }

  allMemory(): number | null {
    const own = proportionalMemory(this.#server);
    // A child that is ending, or was not waited for, has no memory any more.
    return own && own + sum(descendantsOf(this.#server).map((pid) => proportionalMemory(pid) ?? 0));
  }

  /** The server process and its children, including ended ones that were not waited for. */
  #living(): number[] {
    return [this.#server, ...childrenOf(this.#server)];
  }

  get #perClient(): boolean {
    return this.#setup.design.lifetime === "client";
  }

  /** Waits for the server process, and for children that outlive it. */
  async #reap(): Promise<void> {
    for (let end; (end = await waitAsync());) {
      this.#account(end);
      if (end.pid === this.#server) this.#setEnded(this.#reasonOf(end));
    }
  }

  #reasonOf(end: ExitStatus): string {
    const cause = this.#setup.failureMessage("parent").of(end.pid);
    return `the server process ${cause === undefined ? howItEnded(end) : `failed: ${cause}`}`;
  }

  #account({ pid, usage }: ExitStatus): void {
    const { children, parent } = this.#setup.meter;
    const slot = [parent, ...children].find((slot) => slot.pid === pid);
    // A child for one client has no slot of its own.
    (slot ?? (this.#perClient ? children[0] : undefined))?.add(usage);
  }
}

/** What processes have used; their switches are those of the main thread, or of all threads. */
function useOf(pids: readonly number[], ofThreads = false): Use {
  let cpu = 0;
  const switches = { voluntary: 0, involuntary: 0 };
  for (const pid of pids) {
    if (pid === 0) continue;
    cpu += processCpu(pid) ?? 0;
    const tasks = ofThreads ? threadsOf(pid).map((tid) => `/task/${tid}`) : [""];
    for (const task of tasks) {
      const { voluntary, involuntary } = contextSwitches(`/proc/${pid}${task}`);
      switches.voluntary += voluntary;
      switches.involuntary += involuntary;
    }
  }
  return { cpu, switches };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function howItEnded({ code, signal }: ExitStatus): string {
  return signal === undefined ? `ended with code ${code}` : `was ended by signal ${signal}`;
}
