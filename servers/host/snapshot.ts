/**
 * The state of a server at one moment, read from outside.
 *
 * @module
 */
import type { Meter, Slot, Times } from "../children/meter.ts";
import type { Events } from "../posix/event_counts.ts";

/** Context switches (getrusage(2)). */
export interface Switches {
  readonly voluntary: number;
  readonly involuntary: number;
}

/** CPU time of parent and children by a second account. */
export interface OtherAccount {
  readonly source: "cgroup v1" | "cgroup v2" | "schedstat";
  readonly cpuSeconds: number;
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
  /** Events of parent and children so far. */
  events(): Events;
  /** Memory of the process in a slot, in bytes; null: a thread, or not readable. */
  memory(slot: Slot): number | null;
  /** Memory of parent and children, those of children included. */
  allMemory(): number | null;
}

/** The counts and clocks of a slot at one moment. */
export interface SlotState extends Use {
  readonly opened: number;
  readonly requests: number;
  readonly rejected: number;
  readonly lost: number;
  readonly given: number;
  readonly emptyAccepts: number;
  readonly times: Times;
}

/** The memory of a server just before it is stopped. */
export interface FinalMemory {
  readonly parentMemory: number | null;
  readonly childMemory: readonly (number | null)[];
  readonly allMemory: number | null;
}

/** All slots at one moment. */
export interface Snapshot {
  readonly parent: SlotState;
  readonly children: readonly SlotState[];
  readonly otherAccount: OtherAccount;
  readonly events: Events;
  /** Calls of all of them that failed for lack of processes, descriptors or memory. */
  readonly shortages: number;
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
    events: readings.events(),
    shortages: meter.parent.shortages,
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
  const { opened, requests, rejected, lost, given, emptyAccepts, ended } = slot;
  return {
    opened,
    requests,
    rejected,
    lost,
    given,
    emptyAccepts,
    cpu: ended.user + ended.system + living.cpu,
    switches: {
      voluntary: ended.voluntary + living.switches.voluntary,
      involuntary: ended.involuntary + living.switches.involuntary,
    },
    times,
  };
}
