/**
 * System-wide counters of the kernel: connections and processor time.
 *
 * @module
 */
import { schedstatSeconds, tryReadText } from "../../servers/posix/files.ts";
import { affinity } from "../../servers/posix/processes.ts";
import type { Machine, Trial } from "../record/record.ts";
import { throttledSeconds } from "./quota.ts";

/** The counters at some time. Null if unreadable. */
export interface Counters {
  /** Processors that the busy and stolen time is of. */
  readonly processors: number;
  /** The time, as performance.now(). */
  readonly milliseconds: number;
  /** What the kernel counted in this network namespace. */
  readonly network: NetworkCounters;
  readonly busySeconds: number | null;
  readonly stealSeconds: number | null;
  readonly softirqSeconds: number | null;
  /** CPU time of Herd's programs beside server and clients. */
  readonly ownSeconds: number;
  /** Time for which CPU quotas stopped processes; null: there is no quota, too. */
  readonly throttledSeconds: number | null;
  readonly loadAverage: number | null;
}

/** USER_HZ, the unit of /proc/stat on every architecture. */
const TICKS_PER_SECOND = 100;

/** Reads the counters: busy, stolen and interrupts' time of these processors, CPU time of the main threads of these processes. */
export function readCounters(
  processors: readonly number[] = affinity(),
  own: readonly number[] = [Deno.pid],
): Counters {
  return {
    milliseconds: performance.now(),
    processors: processors.length,
    network: networkCounters(),
    ...processorTimes(processors),
    ownSeconds: own.map(schedstatSeconds).reduce((sum, seconds) => sum + seconds, 0),
    throttledSeconds: throttledSeconds(),
    loadAverage: loadAverages()?.[0] ?? null,
  };
}

/** Busy and stolen time, and that of software interrupts, of these processors, in a text such as /proc/stat. */
export function processorTimes(
  processors: readonly number[],
  text = tryReadText("/proc/stat") ?? "",
): Pick<Counters, "busySeconds" | "stealSeconds" | "softirqSeconds"> {
  const lines = new Map(
    [...text.matchAll(/^cpu(\d+) (.*)$/gm)].map(([, cpu, times]) => [
      Number(cpu),
      times!.split(" ").map(Number),
    ]),
  );
  const sum = (of: (times: number[]) => number) => {
    const all = processors.map((cpu) => of(lines.get(cpu) ?? []));
    const total = all.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND;
    return Number.isNaN(total) ? null : total;
  };
  return {
    // proc_stat(5): user nice system idle iowait irq softirq steal; guest time is part of user.
    busySeconds: sum(([user, nice, system, , , irq = 0, softirq = 0]) =>
      user! + nice! + system! + irq + softirq
    ),
    stealSeconds: sum((times) => times[7]!),
    softirqSeconds: sum((times) => times[6]!),
  };
}

/** Load averages of 1, 5 and 15 minutes. */
export function loadAverages(): number[] | null {
  return tryReadText("/proc/loadavg")?.split(" ").slice(0, 3).map(Number) ?? null;
}

/** The most connections that this network namespace keeps in TIME_WAIT; null: unknown. */
export function timeWaitLimit(): number | null {
  const text = tryReadText("/proc/sys/net/ipv4/tcp_max_tw_buckets");
  return text === undefined ? null : Number(text);
}

/** Connections in TIME_WAIT in this network namespace. */
export function timeWaits(): number | null {
  // Of this thread, which may be in another network namespace than the others.
  const text = tryReadText("/proc/thread-self/net/sockstat")?.match(/^TCP:.* tw (\d+)/m)?.[1];
  return text === undefined ? null : Number(text);
}

/** The most connections that wait for accept at a listener of this network namespace; null: unknown. */
export function backlogLimit(): number | null {
  const text = tryReadText("/proc/sys/net/core/somaxconn");
  return text === undefined ? null : Number(text);
}

/** Connections accepted in this network namespace since its creation. */
export function passiveOpens(): number | null {
  return networkCounters().passiveOpens;
}

/** Counters of this network namespace since its creation, by their names in a record. */
type NetworkCounters = Readonly<
  Record<Exclude<keyof Trial["kernel"], "otherTraffic">, number | null>
>;

/** Reads them. Of this thread, which may be in another network namespace than the others. */
function networkCounters(): NetworkCounters {
  const text = (name: string) => tryReadText(`/proc/thread-self/net/${name}`) ?? "";
  const [snmp, netstat] = [text("snmp"), text("netstat")];
  return {
    passiveOpens: namedCounter(snmp, "Tcp", "PassiveOpens"),
    listenOverflows: namedCounter(netstat, "TcpExt", "ListenOverflows"),
    listenDrops: namedCounter(netstat, "TcpExt", "ListenDrops"),
    retransmittedSegments: namedCounter(snmp, "Tcp", "RetransSegs"),
    conntrackDrops: conntrackCounter(text("stat/nf_conntrack"), "drop"),
  };
}

/** A counter of a text such as /proc/net/snmp, which has a line of names and one of values for each protocol. */
function namedCounter(text: string, protocol: string, name: string): number | null {
  const lines = text.split("\n").filter((line) => line.startsWith(`${protocol}:`))
    .map((line) => line.split(" "));
  const value = lines[1]?.[lines[0]!.indexOf(name)];
  return value === undefined ? null : Number(value);
}

/** A counter of /proc/net/stat/nf_conntrack: a line of names, then one of hexadecimal values for each processor. */
export function conntrackCounter(text: string, name: string): number | null {
  const [names, ...processors] = text.trimEnd().split("\n").map((line) => line.split(/\s+/));
  const column = names!.indexOf(name);
  if (column === -1) return null;
  return processors.reduce((sum, values) => sum + parseInt(values[column]!, 16), 0);
}

/** What the kernel counted in between; `ours` is the number of connections that the clients made. */
export function kernelSince(before: Counters, after: Counters, ours: number): Trial["kernel"] {
  const since = (name: keyof NetworkCounters) =>
    difference(before.network[name], after.network[name]);
  const passiveOpens = since("passiveOpens");
  return {
    passiveOpens,
    otherTraffic: passiveOpens === null ? null : Math.max(0, passiveOpens - ours),
    listenOverflows: since("listenOverflows"),
    listenDrops: since("listenDrops"),
    retransmittedSegments: since("retransmittedSegments"),
    conntrackDrops: since("conntrackDrops"),
  };
}

/** What the machine did in between. */
export function machineSince(before: Counters, after: Counters): Machine {
  const since = (
    name: "busySeconds" | "stealSeconds" | "softirqSeconds" | "ownSeconds" | "throttledSeconds",
  ) => {
    const seconds = difference(before[name], after[name]);
    return seconds === null ? null : Math.max(0, seconds);
  };
  return {
    seconds: (after.milliseconds - before.milliseconds) / 1000,
    loadAverage: before.loadAverage,
    processors: before.processors,
    busySeconds: since("busySeconds"),
    stealSeconds: since("stealSeconds"),
    softirqSeconds: since("softirqSeconds"),
    ownSeconds: since("ownSeconds"),
    throttledSeconds: since("throttledSeconds"),
    suspendedSeconds: null, // a `SuspensionWatch` knows
  };
}

function difference(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}
