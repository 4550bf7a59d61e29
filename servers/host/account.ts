/**
 * The cost of a server between two moments: per child and in all.
 *
 * @module
 */
import type { Design } from "../design.ts";
import type { Meter, Slot, Times } from "../children/meter.ts";
import { errnoName } from "../posix/errors.ts";
import { type Events, eventsBetween } from "../posix/event_counts.ts";
import type { Memory } from "./memory.ts";
import type {
  FinalMemory,
  OtherAccount,
  Readings,
  SlotState,
  Snapshot,
  Switches,
  Use,
} from "./snapshot.ts";

/** CPU seconds. `total` is exact; the split is tick-based in the kernel and only indicative. */
export interface Cpu {
  readonly user: number;
  readonly system: number;
  readonly total: number;
}

/** The threads of a process that have the same name. */
export interface ThreadsReport {
  readonly name: string;
  readonly count: number;
  readonly cpuSeconds: number;
}

/**
 * What one child did, and its cost. `Unknown` is null where it may be a process of an external server, of which
 * nobody knows what it served.
 */
export interface ChildReport<Unknown = never> {
  readonly index: number;
  /** The child alive at the end; null if one entry stands for all children of the design, or for all that ended. */
  readonly pid: number | null;
  /** The name of a process of an external server; null: a child of a design, or processes that ended. */
  readonly name: string | null;
  /** Null: not known of an external server, or of Deno.serve. */
  readonly connections: number | null;
  /** Requests on the connections that are closed, of Deno.serve those answered; null: not known, and in old records. */
  readonly requests: number | null;
  /** Connections that the parent passed to it; 0 in a design that does not pass them. */
  readonly given: number;
  /** Calls of accept that found no connection, in a design whose children wait before; null in old records. */
  readonly emptyAccepts: number | null;
  /** Connections closed because the service refused a request, or the client stood still for too long. */
  readonly rejected: number;
  /** Children with this index that died. */
  readonly lost: number;
  readonly cpu: Cpu;
  /** Null: processes of an external server that ended, or whose threads did. */
  readonly switches: Switches | Unknown;
  /** The threads of a process of an external server that has several; else null. */
  readonly threads: readonly ThreadsReport[] | null;
  /** Memory at the end (PSS: shared pages counted by share); null: a thread, or not readable. */
  readonly pssBytes: number | null;
}

/** What a server process did before it forked children for clients, so that each fork costs less. */
export interface Preparation {
  /** Whether its memory was replaced by a mapping of a copy (`servers/posix/rebase.ts`). */
  readonly rebased: boolean;
  /** Why not; null if it was. */
  readonly reason: string | null;
}

/** How often a server could not go on for lack of processes, descriptors or memory, and tried again. */
export interface Shortages {
  /** Calls that failed, each tried again some 10 ms later. */
  readonly count: number;
  /** The error of the first of them, a name of errno(3); null: there was none. */
  readonly first: string | null;
}

/** The cost of a parent. */
export type ParentReport<Unknown = never> =
  & Pick<ChildReport<Unknown>, "name" | "cpu" | "switches" | "threads" | "pssBytes">
  & { readonly pid: number };

/** What a server did between mark and stop, and its cost. `Unknown` is null where it may be an external one. */
export interface Report<Unknown = never> {
  readonly design: string;
  readonly cpu: Cpu;
  /** Null: processes or threads of an external server ended. */
  readonly switches: Switches | Unknown;
  /** The process or thread that accepts or waits; null if it serves the clients itself. */
  readonly parent: ParentReport<Unknown> | null;
  readonly children: readonly ChildReport<Unknown>[];
  /** Memory of parent and children at the end, as above: without children for one client, which have ended. */
  readonly pssBytes: number | null;
  /** Memory of parent and children under load; null: not readable, or children for one client were never seen. */
  readonly memory: Memory | null;
  readonly otherAccount: OtherAccount;
  /** What the processor and the kernel counted of parent and children. */
  readonly events: Events;
  /** Null in a design that does not fork for each client. */
  readonly preparation: Preparation | null;
  /** Null: not known of an external server. */
  readonly shortages: Shortages | Unknown;
  /** The last line that an external server printed; undefined: none. */
  readonly lastLine?: string | undefined;
  /** What was seen of the workers of an external server. */
  readonly workers?: WorkersSeen | undefined;
}

/** What is seen of a server's workers from outside. */
export interface WorkersSeen {
  /** The processes that listen. */
  readonly listening: readonly number[];
  /** The connections that each process served; null: nobody watched, or may, or some were missed. */
  readonly served: readonly { readonly pid: number; readonly connections: number }[] | null;
}

/** The counts of a running server. */
export interface LiveCounts {
  /** Connections, or requests where only these are counted, and CPU seconds since the mark. */
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

/**
 * Connections, CPU time and context switches between two snapshots. The split into user and system time
 * comes from values that are known after everything has ended.
 */
export function account(
  { id, isHttp }: Pick<Design, "id" | "isHttp">,
  meter: Meter,
  readings: Readings,
  from: Snapshot,
  to: Snapshot,
  { parentMemory, childMemory, allMemory }: FinalMemory,
): Omit<Report, "memory" | "preparation"> {
  const children = meter.children.map((slot, index) => {
    const [before, after] = [from.children[index]!, to.children[index]!];
    return {
      index,
      pid: slot.pid || null,
      name: null,
      connections: isHttp ? null : after.opened - before.opened,
      requests: after.requests - before.requests,
      given: after.given - before.given,
      emptyAccepts: after.emptyAccepts - before.emptyAccepts,
      rejected: after.rejected - before.rejected,
      lost: after.lost - before.lost,
      cpu: split(after.cpu - before.cpu, before.times, readings.childTimes(slot, "end")),
      switches: switchesBetween(before, after),
      threads: null,
      pssBytes: childMemory[index]!,
    } satisfies ChildReport;
  });
  const parent = meter.parent.pid === 0 ? null : {
    pid: meter.parent.pid,
    name: null,
    cpu: split(to.parent.cpu - from.parent.cpu, from.parent.times, to.parent.times),
    switches: switchesBetween(from.parent, to.parent),
    threads: null,
    pssBytes: parentMemory,
  };
  const all = parent ? [parent, ...children] : children;
  const sum = (number: (part: (typeof all)[number]) => number) =>
    all.reduce((total, part) => total + number(part), 0);
  return {
    design: id,
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
    events: eventsBetween(from.events, to.events),
    shortages: shortagesOf(to.shortages - from.shortages, meter.parent.firstLack),
  };
}

function shortagesOf(count: number, errno: number): Shortages {
  return { count, first: count === 0 || errno === 0 ? null : errnoName(errno) };
}

/** Splits exact CPU seconds in the proportion of the tick-based ones. */
export function split(total: number, from: Times, to: Times): Cpu {
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
