/**
 * What a server cost between two moments: per child and as a whole.
 *
 * @module
 */
import type { Meter, Slot, Times } from "../children/meter.ts";

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
  /** Connections the parent has passed to it; 0 where it does not pass them. */
  readonly given: number;
  /** Connections closed because of a request the service refuses. */
  readonly rejected: number;
  /** Children that died here. */
  readonly lost: number;
  readonly cpu: Cpu;
  readonly switches: Switches;
  /** Memory at the end, pages that are shared counted by share; null: of a thread, or not readable. */
  readonly pssBytes: number | null;
}

/** CPU of everything that serves as another account has it. */
export interface OtherAccount {
  readonly source: "cgroup v1" | "cgroup v2" | "schedstat";
  readonly cpuSeconds: number;
}

/** What a server did and cost between mark and stop. */
export interface Report {
  readonly design: string;
  readonly cpu: Cpu;
  readonly switches: Switches;
  /** The process that accepts or waits; null where it is the one that serves. */
  readonly parent:
    | Pick<ChildReport, "cpu" | "switches" | "pssBytes"> & { readonly pid: number }
    | null;
  readonly children: readonly ChildReport[];
  /** Memory of everything that serves, as the children's. */
  readonly pssBytes: number | null;
  readonly otherAccount: OtherAccount;
  /** Only where the service was told to waste CPU: how many nanoseconds on each connection. */
  readonly extraCpu?: number | undefined;
}

/** What somebody has used so far. */
export interface Use {
  /** CPU seconds, exact. */
  readonly cpu: number;
  readonly switches: Switches;
}

/** How a server's processes or threads are looked at from outside. */
export interface Watch {
  /** What those living in the parent's slot have used so far. */
  parent(slot: Slot): Use;
  /** What those living in a child's slot have used so far. */
  child(slot: Slot): Use;
  /** User and system seconds, tick-based, of which differences tell how the parent's CPU splits. */
  parentTimes(slot: Slot): Times;
  /** The same of a child: at the mark, and once it has ended. */
  childTimes(slot: Slot, when: "mark" | "end"): Times;
  /** CPU of everything that serves so far, as another account has it. */
  otherAccount(): OtherAccount;
  /** Memory of who lives in a slot, in bytes; null: of a thread, or not readable. */
  memory(slot: Slot): number | null;
  /** Memory of everything that serves. */
  allMemory(): number | null;
}

/** What a slot stood at. */
interface Reading extends Use {
  readonly opened: number;
  readonly rejected: number;
  readonly lost: number;
  readonly given: number;
  readonly times: Times;
}

/** What is looked at only once, while the server still lives. */
interface Last {
  readonly parentMemory: number | null;
  readonly childMemory: readonly (number | null)[];
  readonly allMemory: number | null;
}

/** What every slot stood at, in one moment. */
export interface Snapshot {
  readonly parent: Reading;
  readonly children: readonly Reading[];
  readonly otherAccount: OtherAccount;
}

/** What a server does, while it does it. */
export interface Look {
  /** Connections and CPU seconds since the mark. */
  readonly connections: number;
  readonly cpu: number;
  /** CPU seconds of the process that accepts or waits; null where it is the one that serves. */
  readonly parentCpu: number | null;
  readonly children: readonly {
    readonly index: number;
    readonly connections: number;
    /** Connections it is serving now. */
    readonly open: number;
    readonly cpu: number;
  }[];
}

/** What happened since a snapshot. */
export function lookSince({ parent, children }: Snapshot, meter: Meter, watch: Watch): Look {
  const cpuSince = (slot: Slot, living: Use, before: Reading) =>
    Math.max(0, slot.ended.user + slot.ended.system + living.cpu - before.cpu);
  const seen = meter.children.map((slot, index) => ({
    index,
    connections: slot.opened - children[index]!.opened,
    open: Math.max(0, slot.opened - slot.closed),
    cpu: cpuSince(slot, watch.child(slot), children[index]!),
  }));
  const parentCpu = meter.parent.pid === 0
    ? null
    : cpuSince(meter.parent, watch.parent(meter.parent), parent);
  return {
    connections: seen.reduce((sum, child) => sum + child.connections, 0),
    cpu: seen.reduce((sum, { cpu }) => sum + cpu, parentCpu ?? 0),
    parentCpu,
    children: seen,
  };
}

/** Reads all slots and the clocks of whoever lives in them. */
export function snapshot(meter: Meter, watch: Watch): Snapshot {
  return {
    parent: readSlot(meter.parent, watch.parent(meter.parent), watch.parentTimes(meter.parent)),
    children: meter.children.map((slot) =>
      readSlot(slot, watch.child(slot), watch.childTimes(slot, "mark"))
    ),
    otherAccount: watch.otherAccount(),
  };
}

/** Looks at the memory of a server that is about to be ended. */
export function lastLook(meter: Meter, watch: Watch): Last {
  return {
    parentMemory: watch.memory(meter.parent),
    childMemory: meter.children.map((slot) => watch.memory(slot)),
    allMemory: watch.allMemory(),
  };
}

function readSlot(slot: Slot, living: Use, times: Times): Reading {
  const { opened, rejected, lost, given, ended } = slot;
  return {
    opened,
    rejected,
    lost,
    given,
    cpu: ended.user + ended.system + living.cpu,
    switches: {
      voluntary: ended.voluntary + living.switches.voluntary,
      involuntary: ended.involuntary + living.switches.involuntary,
    },
    times,
  };
}

/**
 * What happened from one snapshot to another: connections, CPU and context switches between the two.
 * How CPU splits into user and system is told from what is known once everything has ended.
 */
export function account(
  design: string,
  meter: Meter,
  watch: Watch,
  from: Snapshot,
  to: Snapshot,
  { parentMemory, childMemory, allMemory }: Last,
): Report {
  const children = meter.children.map((slot, index): ChildReport => {
    const [before, after] = [from.children[index]!, to.children[index]!];
    return {
      index,
      pid: slot.pid || null,
      connections: after.opened - before.opened,
      given: after.given - before.given,
      rejected: after.rejected - before.rejected,
      lost: after.lost - before.lost,
      cpu: split(after.cpu - before.cpu, before.times, watch.childTimes(slot, "end")),
      switches: switchesBetween(before, after),
      pssBytes: childMemory[index]!,
    };
  });
  const parent = meter.parent.pid === 0 ? null : {
    pid: meter.parent.pid,
    cpu: split(to.parent.cpu - from.parent.cpu, from.parent.times, to.parent.times),
    switches: switchesBetween(from.parent, to.parent),
    pssBytes: parentMemory,
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
    pssBytes: allMemory,
    otherAccount: {
      source: to.otherAccount.source,
      cpuSeconds: to.otherAccount.cpuSeconds - from.otherAccount.cpuSeconds,
    },
  };
}

/** Divides exact CPU seconds as the tick-based figures do. */
function split(total: number, from: Times, to: Times): Cpu {
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
