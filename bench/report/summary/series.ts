/**
 * What the report needs of the trials of a record: their figures, in columns. The trials themselves, with their
 * children and histograms, are not kept: a record may be larger than the memory.
 *
 * @module
 */
import { designs } from "../../../servers/designs.ts";
import type { Load, Trial, Workers } from "../../record/types.ts";
import { evenness, median } from "../../statistics/median.ts";
import { connectionsOf, type DesignInfo } from "./distribution.ts";

/** The figures of a valid trial. Seconds, bytes and rates are as in the record; null: it has none. */
const FIGURES = {
  round: ({ round }) => round,
  madeShare,
  // For all planned connections.
  cpu: (trial) => ofAll(trial, trial.cpu?.total),
  clientCpu: (trial) => ofAll(trial, trial.client?.cpu.total),
  wallSeconds: (trial) => ofAll(trial, trial.client?.wallSeconds),
  cpuMicrosecondsPerConnection: (trial) => perConnection(trial, trial.cpu?.total, 1e6),
  cpuMicrosecondsPerRequest: (trial) => {
    const requests = requestsOf(trial);
    return trial.cpu && requests > 0 ? 1e6 * trial.cpu.total / requests : null;
  },
  // Of user + system, not of the total, which comes from a different, exact clock.
  systemShare: ({ cpu }) =>
    cpu && cpu.user + cpu.system > 0 ? cpu.system / (cpu.user + cpu.system) : null,
  pssBytes: ({ memory, pssBytes }, info) =>
    memory?.peakBytes ?? (info?.lifetime === "client" ? null : pssBytes),
  meanPssBytes: ({ memory }) => memory?.meanBytes,
  pssBytesPerChild: (trial, info) => connectionsOf(trial, info) && memoryOfChild(trial),
  evenness: (trial, info) => {
    const connections = connectionsOf(trial, info);
    return connections && evenness(connections);
  },
  // Microseconds per connection, of each part of the time of the processors.
  user: (trial) => perConnection(trial, partOf(trial, "user"), 1e6),
  kernel: (trial) => perConnection(trial, partOf(trial, "system"), 1e6),
  clients: (trial) => perConnection(trial, trial.client?.cpu.total, 1e6),
  interrupts: (trial) => perConnection(trial, trial.machine?.softirqSeconds, 1e6),
  busy: (trial) => perConnection(trial, trial.machine?.busySeconds, 1e6),
  wall: (trial) => perConnection(trial, trial.client?.wallSeconds, 1e6),
  // For all planned connections, as cpu.
  instructions: (trial) => ofAll(trial, trial.events?.instructions),
  instructionsPerConnection: (trial) => perConnection(trial, trial.events?.instructions),
  cyclesPerConnection: (trial) => perConnection(trial, trial.events?.cycles),
  pageFaultsPerConnection: (trial) => perConnection(trial, trial.events?.pageFaults),
  migrationsPerConnection: (trial) => perConnection(trial, trial.events?.migrations),
  requests: requestsOf,
  connectionsPerSecond: ({ client }) => client?.connectionsPerSecond,
  requestsPerSecond: (trial) =>
    trial.client && trial.client.wallSeconds > 0
      ? requestsOf(trial) / trial.client.wallSeconds
      : null,
  p50: ({ client }) => client?.latency.p50,
  p90: ({ client }) => client?.latency.p90,
  p99: ({ client }) => client?.latency.p99,
  p999: ({ client }) => client?.latency.p999,
  max: ({ client }) => client?.latency.max,
  switches: (trial) => {
    const { switches } = trial;
    return perConnection(trial, switches && switches.voluntary + switches.involuntary);
  },
  voluntary: (trial) => perConnection(trial, trial.switches?.voluntary),
  involuntary: (trial) => perConnection(trial, trial.switches?.involuntary),
  emptyAccepts: (trial) => perConnection(trial, emptyAccepts(trial)),
  // What may speak against the others.
  shortages: ({ shortages }) => shortages?.count,
  loadSeconds: ({ machine }) => machine?.seconds,
  processors: ({ machine }) => machine?.processors,
  skewShare: ({ client }) =>
    client?.hosts
      ? Math.max(...client.hosts.map(({ skewSeconds }) => skewSeconds)) / client.wallSeconds
      : null,
  othersSeconds: othersSeconds,
  softirqSeconds: ({ machine }) => machine?.softirqSeconds,
  stealSeconds: ({ machine }) => machine?.stealSeconds,
  throttledSeconds: ({ machine }) => machine?.throttledSeconds,
  suspendedSeconds: ({ machine }) => machine?.suspendedSeconds,
  openLoopBusyShare: ({ client }) => client?.openLoop && client.cpu.total / client.wallSeconds,
  openLoopLateShare: openLoopLateShare,
  otherTraffic: ({ kernel }) => kernel.otherTraffic,
  checkDifference: ({ check }) => check && check.agrees !== null ? check.difference ?? 0 : null,
  // Without another account to divide by, it is as large as can be.
  mismatch: ({ check }) => check?.agrees === false ? check.difference ?? Infinity : null,
} satisfies Record<
  string,
  (trial: Trial, info: DesignInfo | undefined) => number | null | undefined
>;

/** The name of a figure. */
export type Figure = keyof typeof FIGURES;

const NAMES = Object.keys(FIGURES) as Figure[];

/** Trials of the same design, load and pool. */
export class Series {
  readonly design: string;
  readonly load: Load;
  readonly poolSize: number | null;
  /** From the registry; undefined for an unregistered design. */
  readonly info: DesignInfo | undefined;
  /** Rounds of the trials that failed, by the reason. */
  readonly failures: Map<string, number[]> = new Map();
  /** Where the second account of the CPU time came from. */
  readonly accounts: Set<string> = new Set();
  /** How the clients were made. */
  readonly makings: Set<string> = new Set();
  /** What the kernel dropped, of the trials where it did, failed ones among them. */
  readonly dropped: Pick<Trial, "round" | "kernel">[] = [];
  /** What the server lacked first, in the first trial where it waited for something. */
  lack: string | null = null;
  /** The workers of an external server in one of the last valid trials. */
  workers: readonly Workers[] = [];
  readonly #columns = Object.fromEntries(NAMES.map((name) => [name, [] as number[]]));
  #lastPool: Trial | undefined;
  #lastTimed: Trial | undefined;

  /** An empty series of trials like this one. */
  constructor({ design, load, poolSize }: Trial, info: DesignInfo | undefined) {
    this.design = design;
    this.load = load;
    this.poolSize = poolSize;
    this.info = info;
  }

  /** Adds a trial. */
  add(trial: Trial): void {
    const { round, kernel } = trial;
    if (kernel.listenOverflows || kernel.conntrackDrops) this.dropped.push({ round, kernel });
    if (trial.status !== "ok") {
      const reason = trial.reason ?? "no reason recorded";
      if (!this.failures.has(reason)) this.failures.set(reason, []);
      this.failures.get(reason)!.push(trial.round);
      return;
    }
    for (const name of NAMES) {
      this.#columns[name]!.push(FIGURES[name](trial, this.info) ?? NaN);
    }
    this.lack ??= trial.shortages?.first ?? null;
    if (trial.check) this.accounts.add(trial.check.source);
    if (trial.client) this.makings.add(trial.client.making);
    if ((trial.client?.series?.requests.length ?? 0) > 2) this.#lastTimed = trial;
    if (trial.round >= (this.#lastPool?.round ?? 0)) {
      if (connectionsOf(trial, this.info)) this.#lastPool = trial;
      this.workers = trial.workers ?? [];
    }
  }

  /** Number of valid trials. */
  get n(): number {
    return this.#columns.round!.length;
  }

  /** Number of trials that failed. */
  get failed(): number {
    return [...this.failures.values()].reduce((sum, rounds) => sum + rounds.length, 0);
  }

  /** The trial with a pool in the last valid round. */
  get lastPool(): Trial | undefined {
    return this.#lastPool;
  }

  /** The last valid trial whose load has at least two whole intervals. */
  get lastTimed(): Trial | undefined {
    return this.#lastTimed;
  }

  /** A figure of each valid trial; NaN: it has none. Figures at the same index are of the same trial. */
  column(name: Figure): readonly number[] {
    return this.#columns[name]!;
  }
}

/** The series of a record, in the order in which they begin. Reads the trials once. */
export function seriesOf(
  trials: Iterable<Trial>,
  registry: readonly DesignInfo[] = designs,
): Series[] {
  const infos = new Map(registry.map((info) => [info.id, info]));
  const all = new Map<string, Series>();
  for (const trial of trials) {
    const key = JSON.stringify([trial.design, trial.load, trial.poolSize]);
    let series = all.get(key);
    if (!series) all.set(key, series = new Series(trial, infos.get(trial.design)));
    series.add(trial);
  }
  return [...all.values()];
}

/** A figure of all valid trials that have it. */
export function valuesOf(series: readonly Series[], name: Figure): number[] {
  return series.flatMap((one) => one.column(name).filter((value) => !Number.isNaN(value)));
}

/** Number of trials, also of those that failed. */
export function countOf(series: readonly Series[]): number {
  return series.reduce((sum, { n, failed }) => sum + n + failed, 0);
}

/**
 * The share of the planned connections that a trial made: below 1 if its load was ended early; above, too, if it
 * had a duration.
 */
function madeShare({ load, client }: Trial): number {
  return (client?.connections ?? 0) / (load.clients * load.connections);
}

/** An amount of a trial, for all of its planned connections; null without any. */
function ofAll(trial: Trial, amount: number | null | undefined): number | null {
  const share = madeShare(trial);
  return amount === undefined || amount === null || share === 0 ? null : amount / share;
}

function perConnection(trial: Trial, amount: number | null | undefined, scale = 1): number | null {
  if (amount === null || amount === undefined || !trial.client?.connections) return null;
  return amount * scale / trial.client.connections;
}

/** The user or system part of the exact total, in the proportion of the ticks; null without a tick. */
function partOf({ cpu }: Trial, which: "user" | "system"): number | null {
  const ticks = cpu ? cpu.user + cpu.system : 0;
  return ticks > 0 ? cpu!.total * cpu![which] / ticks : null;
}

/** Requests answered; in old records as many as connections. */
function requestsOf({ client }: Trial): number {
  return client?.requests ?? client?.connections ?? 0;
}

function emptyAccepts({ children }: Trial): number | null {
  const counts = children.flatMap((child) => child.emptyAccepts ?? []);
  return counts.length < children.length ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** The share of requests that were late or not sent since all connections were in use. */
function openLoopLateShare({ client, load }: Trial): number | null {
  if (!client?.openLoop) return null;
  const { late, unsent, mostOpen } = client.openLoop;
  return mostOpen < load.clients ? 0 : (late + unsent) / (client.requests! + unsent);
}

function memoryOfChild({ children }: Trial): number | null {
  const known = children.flatMap(({ pssBytes }) => pssBytes === null ? [] : [pssBytes]);
  return known.length === 0 ? null : median(known);
}

/** Seconds the processors spent outside Herd. Counted in ticks, so it may be negative. */
function othersSeconds({ machine, cpu, client }: Trial): number | null {
  if (!machine || machine.busySeconds === null) return null;
  // Clients on other hosts use other processors.
  const clients = client && client.hosts === null ? client.cpu.total : 0;
  const ours = (cpu?.total ?? 0) + clients + (machine.ownSeconds ?? 0);
  return machine.busySeconds - ours;
}
