/**
 * The cost of a server between two moments: per child and in all.
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

/** What one child did, and its cost. */
export interface ChildReport {
  readonly index: number;
  /** The child alive at the end; null if one entry stands for all children of the design. */
  readonly pid: number | null;
  readonly connections: number;
  /** Connections that the parent passed to it; 0 in a design that does not pass them. */
  readonly given: number;
  /** Connections closed because the service refused a request. */
  readonly rejected: number;
  /** Children with this index that died. */
  readonly lost: number;
  readonly cpu: Cpu;
  readonly switches: Switches;
  /** Memory at the end (PSS: shared pages counted by share); null: a thread, or not readable. */
  readonly pssBytes: number | null;
}

/** CPU time of parent and children by a second account. */
export interface OtherAccount {
  readonly source: "cgroup v1" | "cgroup v2" | "schedstat";
  readonly cpuSeconds: number;
}

/** What a server did between mark and stop, and its cost. */
export interface Report {
  readonly design: string;
  readonly cpu: Cpu;
  readonly switches: Switches;
  /** The process or thread that accepts or waits; null if it serves the clients itself. */
  readonly parent:
    | Pick<ChildReport, "cpu" | "switches" | "pssBytes"> & { readonly pid: number }
    | null;
  readonly children: readonly ChildReport[];
  /** Memory of parent and children, as above. */
  readonly pssBytes: number | null;
  readonly otherAccount: OtherAccount;
  /** Nanoseconds of CPU wasted on each connection; undefined: none. */
  readonly extraCpu?: number | undefined;
}

/** Resources used so far. */
export interface Use {
  /** CPU seconds, exact. */
  readonly cpu: number;
  readonly switches: Switches;
}

/** Reads a server's processes or threads from outside. */
export interface Readings {
  /** Resources used by the living process or thread in the parent's slot. */
  parent(slot: Slot): Use;
  /** Resources used by all living children in a child's slot. */
  child(slot: Slot): Use;
  /** Tick-based user and system seconds; their difference splits the parent's CPU time. */
  parentTimes(slot: Slot): Times;
  /** The same of a child, at the mark and after its end. */
  childTimes(slot: Slot, when: "mark" | "end"): Times;
  /** CPU time of parent and children so far, by a second account. */
  otherAccount(): OtherAccount;
  /** Memory of the process in a slot, in bytes; null: a thread, or not readable. */
  memory(slot: Slot): number | null;
  /** Memory of parent and children. */
  allMemory(): number | null;
}

/** The counts and clocks of a slot at one moment. */
interface SlotState extends Use {
  readonly opened: number;
  readonly rejected: number;
  readonly lost: number;
  readonly given: number;
  readonly times: Times;
}

/** The memory of a server just before it is stopped. */
interface FinalMemory {
  readonly parentMemory: number | null;
  readonly childMemory: readonly (number | null)[];
  readonly allMemory: number | null;
}

/** All slots at one moment. */
export interface Snapshot {
  readonly parent: SlotState;
  readonly children: readonly SlotState[];
  readonly otherAccount: OtherAccount;
}

/** The counts of a running server. */
export interface LiveCounts {
  /** Connections and CPU seconds since the mark. */
  readonly connections: number;
  readonly cpu: number;
  /** CPU seconds of the process or thread that accepts or waits; null if it serves the clients itself. */
  readonly parentCpu: number | null;
  readonly children: readonly {
    readonly index: number;
    readonly connections: number;
    /** Connections it is serving now. */
    readonly open: number;
    readonly cpu: number;
  }[];
}

/** The counts since a snapshot. */
export function countsSince(
  { parent, children }: Snapshot,
  meter: Meter,
  readings: Readings,
): LiveCounts {
  const cpuSince = (slot: Slot, living: Use, before: SlotState) =>
    Math.max(0, slot.ended.user + slot.ended.system + living.cpu - before.cpu);
  const counts = meter.children.map((slot, index) => ({
    index,
    connections: slot.opened - children[index]!.opened,
    open: Math.max(0, slot.opened - slot.closed),
    cpu: cpuSince(slot, readings.child(slot), children[index]!),
  }));
  const parentCpu = meter.parent.pid === 0
    ? null
    : cpuSince(meter.parent, readings.parent(meter.parent), parent);
  return {
    connections: counts.reduce((sum, child) => sum + child.connections, 0),
    cpu: counts.reduce((sum, { cpu }) => sum + cpu, parentCpu ?? 0),
    parentCpu,
    children: counts,
  };
}

/** Reads all slots, and the clocks of the processes or threads in them. */
export function snapshot(meter: Meter, readings: Readings): Snapshot {
  return {
    parent: readSlot(
      meter.parent,
      readings.parent(meter.parent),
      readings.parentTimes(meter.parent),
    ),
    children: meter.children.map((slot) =>
      readSlot(slot, readings.child(slot), readings.childTimes(slot, "mark"))
    ),
    otherAccount: readings.otherAccount(),
  };
}

/** Reads the memory of a server that is about to be stopped. */
export function readMemory(meter: Meter, readings: Readings): FinalMemory {
  return {
    parentMemory: readings.memory(meter.parent),
    childMemory: meter.children.map((slot) => readings.memory(slot)),
    allMemory: readings.allMemory(),
  };
}

function readSlot(slot: Slot, living: Use, times: Times): SlotState {
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
 * Connections, CPU time and context switches between two snapshots. The split into user and system time
 * comes from values that are known after everything has ended.
 */
export function account(
  design: string,
  meter: Meter,
  readings: Readings,
  from: Snapshot,
  to: Snapshot,
  { parentMemory, childMemory, allMemory }: FinalMemory,
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
      cpu: split(after.cpu - before.cpu, before.times, readings.childTimes(slot, "end")),
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
  const sum = (number: (part: (typeof all)[number]) => number) =>
    all.reduce((total, part) => total + number(part), 0);
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

/** Splits exact CPU seconds in the proportion of the tick-based ones. */
function split(total: number, from: Times, to: Times): Cpu {
  const user = Math.max(0, to.user - from.user);
  const system = Math.max(0, to.system - from.system);
  const share = user + system === 0 ? 0 : user / (user + system);
  const positive = Math.max(0, total);
  return { user: positive * share, system: positive * (1 - share), total: positive };
}

/** None, as of its CPU, of a process that was killed and can be read no more. */
function switchesBetween(from: SlotState, to: SlotState): Switches {
  const difference = (name: keyof Switches) => Math.max(0, to.switches[name] - from.switches[name]);
  return { voluntary: difference("voluntary"), involuntary: difference("involuntary") };
}
