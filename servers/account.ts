/**
 * What a server cost between two moments: per child and as a whole.
 *
 * @module
 */
import type { Meter, Slot } from "./children/meter.ts";
import { processCpu } from "./posix/clocks.ts";
import { contextSwitches, cpuTicks } from "./posix/files.ts";

/** CPU seconds. `total` is exact; the split is tick-based in the kernel and only indicative. */
export interface Cpu {
  readonly user: number;
  readonly system: number;
  readonly total: number;
}

/** Context switches (getrusage(2)). */
export interface Switches {
  readonly voluntary: number;
  readonly involuntary: number;
}

/** What one child did and cost. */
export interface ChildReport {
  readonly index: number;
  /** Of the child alive at the end; null where one entry stands for all children of the design. */
  readonly pid: number | null;
  readonly connections: number;
  /** Connections closed because of a request the service refuses. */
  readonly rejected: number;
  /** Children that died here. */
  readonly lost: number;
  readonly cpu: Cpu;
  readonly switches: Switches;
}

/** What a server did and cost between mark and stop. */
export interface Report {
  readonly design: string;
  readonly cpu: Cpu;
  readonly switches: Switches;
  /** The process that accepts or waits; null where it is the one that serves. */
  readonly parent: { readonly pid: number; readonly cpu: Cpu; readonly switches: Switches } | null;
  readonly children: readonly ChildReport[];
}

/** What a slot stood at. */
interface Reading {
  readonly opened: number;
  readonly rejected: number;
  readonly lost: number;
  readonly cpu: number;
  readonly switches: Switches;
  /** User and system seconds that do not belong to the time after this reading. */
  readonly split: { readonly user: number; readonly system: number };
}

/** What every slot stood at, in one moment. */
export interface Snapshot {
  readonly parent: Reading;
  readonly children: readonly Reading[];
}

/** How to look at what lives in a slot from outside. */
export interface Living {
  /** The processes (or threads) living in this child's slot. */
  pids(slot: Slot): readonly number[];
}

/** Reads all slots and the clocks of whoever lives in them. */
export function snapshot(meter: Meter, living: Living): Snapshot {
  return {
    parent: {
      ...readSlot(meter.parent, [meter.parent.pid]),
      split: ticksOf(meter.parent.pid),
    },
    children: meter.children.map((slot) => readSlot(slot, living.pids(slot))),
  };
}

function readSlot(slot: Slot, pids: readonly number[]): Reading {
  const { ended, ready } = slot;
  let cpu = ended.user + ended.system;
  let { voluntary, involuntary } = ended;
  for (const pid of pids) {
    if (pid === 0) continue;
    cpu += processCpu(pid) ?? 0;
    const switches = contextSwitches(pid);
    voluntary += switches.voluntary;
    involuntary += switches.involuntary;
  }
  return {
    opened: slot.opened,
    rejected: slot.rejected,
    lost: slot.lost,
    cpu,
    switches: { voluntary, involuntary },
    split: { user: ended.user + ready.user, system: ended.system + ready.system },
  };
}

function ticksOf(pid: number): { user: number; system: number } {
  return pid === 0 ? { user: 0, system: 0 } : cpuTicks(pid);
}

/**
 * What happened from one snapshot to another. Total CPU and context switches are those between the
 * two; the split of user and system is taken from what `meter` knows of the children once all of them
 * have ended, and from the clock ticks of the parent.
 */
export function account(design: string, meter: Meter, from: Snapshot, to: Snapshot): Report {
  const children = meter.children.map((slot, index) => {
    const [before, after] = [from.children[index]!, to.children[index]!];
    return {
      index,
      pid: slot.pid || null,
      connections: after.opened - before.opened,
      rejected: after.rejected - before.rejected,
      lost: after.lost - before.lost,
      cpu: split(after.cpu - before.cpu, before.split, slot.ended),
      switches: switchesBetween(before, after),
    };
  });
  const parent = meter.parent.pid === 0 ? null : {
    pid: meter.parent.pid,
    cpu: split(to.parent.cpu - from.parent.cpu, from.parent.split, to.parent.split),
    switches: switchesBetween(from.parent, to.parent),
  };
  const all = parent ? [parent, ...children] : children;
  const sum = (figure: (part: (typeof all)[number]) => number) =>
    all.reduce((total, part) => total + figure(part), 0);
  return {
    design,
    cpu: {
      user: sum((part) => part.cpu.user),
      system: sum((part) => part.cpu.system),
      total: sum((part) => part.cpu.total),
    },
    switches: {
      voluntary: sum((part) => part.switches.voluntary),
      involuntary: sum((part) => part.switches.involuntary),
    },
    parent,
    children,
  };
}

/** Divides exact CPU seconds as the tick-based figures do. */
function split(
  total: number,
  from: { user: number; system: number },
  to: { user: number; system: number },
): Cpu {
  const user = Math.max(0, to.user - from.user);
  const system = Math.max(0, to.system - from.system);
  const share = user + system === 0 ? 0 : user / (user + system);
  const positive = Math.max(0, total);
  return { user: positive * share, system: positive * (1 - share), total: positive };
}

function switchesBetween(from: Reading, to: Reading): Switches {
  return {
    voluntary: to.switches.voluntary - from.switches.voluntary,
    involuntary: to.switches.involuntary - from.switches.involuntary,
  };
}
