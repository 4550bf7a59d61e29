/**
 * System-wide counters of the kernel: connections and processor time.
 *
 * @module
 */
import { tryReadText } from "../../servers/posix/files.ts";
import type { Machine, Trial } from "../record/record.ts";

/** The counters at some time. Null if unreadable. */
export interface Counters {
  /** The time, as performance.now(). */
  readonly milliseconds: number;
  /** Connections accepted in this network namespace. */
  readonly passiveOpens: number | null;
  readonly busySeconds: number | null;
  readonly stealSeconds: number | null;
  readonly loadAverage: number | null;
}

/** USER_HZ, the unit of /proc/stat on every architecture. */
const TICKS_PER_SECOND = 100;

/** Reads the counters. */
export function readCounters(): Counters {
  // proc_stat(5): user nice system idle iowait irq softirq steal; guest time is part of user.
  const stat = tryReadText("/proc/stat")?.match(/^cpu +(.*)$/m)?.[1]?.split(" ").map(Number);
  const [user, nice, system, , , irq = 0, softirq = 0, steal] = stat ?? [];
  return {
    milliseconds: performance.now(),
    passiveOpens: passiveOpens(),
    busySeconds: stat ? (user! + nice! + system! + irq + softirq) / TICKS_PER_SECOND : null,
    stealSeconds: steal === undefined ? null : steal / TICKS_PER_SECOND,
    loadAverage: loadAverages()?.[0] ?? null,
  };
}

/** Load averages of 1, 5 and 15 minutes. */
export function loadAverages(): number[] | null {
  return tryReadText("/proc/loadavg")?.split(" ").slice(0, 3).map(Number) ?? null;
}

/** Connections in TIME_WAIT in this network namespace. */
export function timeWaits(): number | null {
  // Of this thread, which may be in another network namespace than the others.
  const text = tryReadText("/proc/thread-self/net/sockstat")?.match(/^TCP:.* tw (\d+)/m)?.[1];
  return text === undefined ? null : Number(text);
}

/** Connections accepted in this network namespace since its creation. */
export function passiveOpens(): number | null {
  return tcpCounter("PassiveOpens");
}

/** A counter of /proc/net/snmp. */
function tcpCounter(name: string): number | null {
  const lines = (tryReadText("/proc/thread-self/net/snmp") ?? "").split("\n")
    .filter((line) => line.startsWith("Tcp:")).map((line) => line.split(" "));
  const value = lines[1]?.[lines[0]!.indexOf(name)];
  return value === undefined ? null : Number(value);
}

/** The connections accepted in between; `ours` were made by the clients. */
export function kernelSince(before: Counters, after: Counters, ours: number): Trial["kernel"] {
  const opens = difference(before.passiveOpens, after.passiveOpens);
  return {
    passiveOpens: opens,
    otherTraffic: opens === null ? null : Math.max(0, opens - ours),
  };
}

/** What the machine did in between. */
export function machineSince(before: Counters, after: Counters): Machine {
  const since = (name: "busySeconds" | "stealSeconds") => {
    const seconds = difference(before[name], after[name]);
    return seconds === null ? null : Math.max(0, seconds);
  };
  return {
    seconds: (after.milliseconds - before.milliseconds) / 1000,
    loadAverage: before.loadAverage,
    busySeconds: since("busySeconds"),
    stealSeconds: since("stealSeconds"),
  };
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}
