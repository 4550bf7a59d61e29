/**
 * Summarizes a recorded run. Pure, with plain data as result: numbers are neither rounded nor clamped.
 *
 * Only trials with status "ok" are valid. CPU and times are in seconds unless a name says otherwise.
 *
 * @module
 */
import type { EventName } from "../../../servers/posix/event_counts.ts";
import { designs } from "../../../servers/designs.ts";
import { BASELINE } from "../../plan/plan.ts";
import type { Recorded, Run, Workers } from "../../record/types.ts";
import { type Interval, interval, mad, median } from "../../statistics/median.ts";
import { isKnown } from "../../statistics/percentiles.ts";
import { outliers } from "../../statistics/outliers.ts";
import {
  type AgainstBaseline,
  type Baselines,
  baselinesOf,
  compareWithBaselines,
  pairsOf,
} from "./baseline.ts";
import {
  type DesignInfo,
  type Distribution,
  furtherDistributions,
  lastDistribution,
  noDistributionReason,
} from "./distribution.ts";
import { countOf, type Figure, type Series, seriesOf, valuesOf } from "./series.ts";

export type { DesignInfo };

/** A part of the time of a load. */
export type TimePart = "user" | "kernel" | "clients" | "interrupts" | "busy" | "wall";

/** An estimate over rounds. */
export interface Estimate {
  /** Number of rounds. */
  readonly n: number;
  readonly median: number;
  /** Median absolute deviation over rounds, not scaled. */
  readonly mad: number;
  /** Interval of the median. */
  readonly interval: Interval;
}

/** A round whose CPU time is an outlier. It is counted. */
export interface OutlyingRound {
  /** As numbered in the record. */
  readonly round: number;
  readonly cpuSeconds: number;
  /** Distance from the median in scaled MADs; negative below it. */
  readonly score: number;
}

/** Trials that failed for the same reason. */
export interface Failure {
  readonly reason: string;
  /** As numbered in the record. */
  readonly rounds: readonly number[];
}

/** The results of one design. An estimate is null if no valid round has a value. */
export interface DesignSummary {
  readonly id: string;
  /** From the registry; null for an unregistered design. */
  readonly info: DesignInfo | null;
  readonly title: string;
  /** Row of Table 30.1; null for a design beyond the book. */
  readonly row: number | null;
  readonly isBaseline: boolean;
  /** Number of valid trials. */
  readonly n: number;
  readonly failures: readonly Failure[];
  readonly outlyingRounds: readonly OutlyingRound[];
  /** Share of the planned connections that were made; below 1 where loads were ended early; any of a duration. */
  readonly madeShare: number;
  /** CPU seconds of parent and children, for all planned connections. */
  readonly cpu: Estimate | null;
  /** CPU seconds above the baseline in the same round; may be negative. */
  readonly processControl: Estimate | null;
  /** CPU time, or instructions, against the baseline, paired within rounds and corrected for the number of designs. */
  readonly againstBaseline: AgainstBaseline | null;
  readonly cpuMicrosecondsPerConnection: Estimate | null;
  readonly cpuMicrosecondsPerRequest: Estimate | null;
  /** System share of the CPU time, 0 to 1. Tick-based, so only approximate. */
  readonly systemShare: Estimate | null;
  /**
   * Memory of parent and children at the busiest moment of the load, in bytes (PSS). In records without
   * samples that after it; null where the children had exited by then.
   */
  readonly pssBytes: Estimate | null;
  /** The mean of the samples during the load. */
  readonly meanPssBytes: Estimate | null;
  /** PSS of the median child of a pool; null for threads. */
  readonly pssBytesPerChild: Estimate | null;
  /** CPU seconds of the clients. */
  readonly clientCpu: Estimate | null;
  /** For all planned connections. */
  readonly wallSeconds: Estimate | null;
  readonly connectionsPerSecond: Estimate | null;
  readonly requestsPerSecond: Estimate | null;
  /**
   * Seconds per request, of the first of a connection from connect: estimates over each round's percentile. Null, too,
   * where all rounds together have too few requests for it.
   */
  readonly latency: {
    readonly p50: Estimate | null;
    /** Null in records without it. */
    readonly p90: Estimate | null;
    readonly p99: Estimate | null;
    /** Null in records without it. */
    readonly p999: Estimate | null;
    readonly max: Estimate | null;
  };
  /** Per connection. */
  readonly switches: {
    readonly all: Estimate | null;
    readonly voluntary: Estimate | null;
    readonly involuntary: Estimate | null;
  };
  /** Per connection; null where the machine counts none, and in old records. */
  readonly events: Readonly<Record<EventName, Estimate | null>>;
  /**
   * Microseconds per connection: CPU time of parent and children in user and kernel mode (split by ticks), CPU time of
   * the clients, software interrupts, everything that ran, and the duration of the load.
   */
  readonly time: Readonly<Record<TimePart, Estimate | null>>;
  /** Calls of accept that found no connection, per connection; null in records without them. */
  readonly emptyAccepts: Estimate | null;
  /** Clients of the busiest child divided by those of the least busy; null without a pool. */
  readonly evenness: Estimate | null;
  /** Null without a pool; `noDistribution` is the reason. */
  readonly distribution: Distribution | null;
  /** Those of an external server by further ways of counting. */
  readonly furtherDistributions: readonly Distribution[];
  readonly noDistribution: string | null;
}

/** The results of a run. */
export interface Summary {
  readonly run: Run;
  /** Number of trials recorded, of those in `run.plan.trials`. */
  readonly recordedTrials: number;
  /** In the order of the registry; unregistered designs come last. */
  readonly designs: readonly DesignSummary[];
}

/** Summarizes a recorded run. */
export function summarize(recorded: Recorded, registry: readonly DesignInfo[] = designs): Summary {
  return summarizeSeries(recorded.run, seriesOf(recorded.trials, registry), registry);
}

/** Summarizes the series of a run. */
export function summarizeSeries(
  run: Run,
  series: readonly Series[],
  registry: readonly DesignInfo[] = designs,
): Summary {
  const seen = new Set([...run.plan.designs, ...series.map(({ design }) => design)]);
  // An older record may have an external server with the name of a newer design.
  const externals = run.plan.externals.map(({ name }) => name);
  const known = registry.filter(({ id }) => !externals.includes(id) && seen.delete(id));
  const byDesign = Map.groupBy(series, ({ design }) => design);
  const baselines = baselinesOf(byDesign.get(BASELINE) ?? []);
  const comparisons = compareWithBaselines(byDesign, baselines);
  const summaryOf = (id: string, info?: DesignInfo) => ({
    ...summarizeDesign(id, byDesign.get(id) ?? [], baselines, info, extraOf(run, id)),
    againstBaseline: comparisons.get(id) ?? null,
  });
  return {
    run,
    recordedTrials: countOf(series),
    designs: [
      ...known.map((info) => summaryOf(info.id, info)),
      ...[...seen].map((id) => summaryOf(id)),
    ],
  };
}

function summarizeDesign(
  id: string,
  series: readonly Series[],
  baselines: Baselines,
  info: DesignInfo | undefined,
  extra: readonly Workers[],
): Omit<DesignSummary, "againstBaseline"> {
  const n = series.reduce((sum, one) => sum + one.n, 0);
  const of = (figure: Figure) => estimate(valuesOf(series, figure));
  const { a, b } = pairsOf(series, baselines);
  const pools = series.flatMap(({ lastPool }) => lastPool ?? []);
  const [distribution = null, ...further] = [
    lastDistribution(pools) ?? [],
    furtherDistributions(pools, extra),
  ].flat();
  return {
    id,
    info: info ?? null,
    title: info?.title ?? id,
    row: info?.row ?? null,
    isBaseline: id === BASELINE,
    n,
    failures: failuresOf(series),
    outlyingRounds: outlyingRoundsOf(series),
    madeShare: n === 0 ? 1 : median(valuesOf(series, "madeShare")),
    cpu: of("cpu"),
    processControl: estimate(b.map((cpu, index) => cpu - a[index]!)),
    cpuMicrosecondsPerConnection: of("cpuMicrosecondsPerConnection"),
    cpuMicrosecondsPerRequest: of("cpuMicrosecondsPerRequest"),
    systemShare: of("systemShare"),
    pssBytes: of("pssBytes"),
    meanPssBytes: of("meanPssBytes"),
    pssBytesPerChild: of("pssBytesPerChild"),
    clientCpu: of("clientCpu"),
    wallSeconds: of("wallSeconds"),
    connectionsPerSecond: of("connectionsPerSecond"),
    requestsPerSecond: of("requestsPerSecond"),
    latency: latencyOf(series, of),
    switches: { all: of("switches"), voluntary: of("voluntary"), involuntary: of("involuntary") },
    events: {
      instructions: of("instructionsPerConnection"),
      cycles: of("cyclesPerConnection"),
      pageFaults: of("pageFaultsPerConnection"),
      migrations: of("migrationsPerConnection"),
    },
    time: {
      user: of("user"),
      kernel: of("kernel"),
      clients: of("clients"),
      interrupts: of("interrupts"),
      busy: of("busy"),
      wall: of("wall"),
    },
    emptyAccepts: of("emptyAccepts"),
    evenness: of("evenness"),
    distribution,
    furtherDistributions: further,
    noDistribution: distribution
      ? null
      : noDistributionReason(n, info, [...series.flatMap(({ workers }) => workers), ...extra]),
  };
}

/** The workers of an external server in an extra trial. */
function extraOf({ workers }: Run, id: string): Workers[] {
  return workers?.filter(({ design }) => design === id) ?? [];
}

function latencyOf(
  series: readonly Series[],
  of: (figure: Figure) => Estimate | null,
): DesignSummary["latency"] {
  const requests = valuesOf(series, "requests").reduce((sum, count) => sum + count, 0);
  const at = (percentile: number, name: keyof DesignSummary["latency"]) =>
    isKnown(percentile, requests) ? of(name) : null;
  return {
    p50: at(50, "p50"),
    p90: at(90, "p90"),
    p99: at(99, "p99"),
    p999: at(99.9, "p999"),
    max: at(100, "max"),
  };
}

function estimate(values: readonly number[]): Estimate | null {
  if (values.length === 0) return null;
  return {
    n: values.length,
    median: median(values),
    mad: mad(values),
    interval: interval(values),
  };
}

function outlyingRoundsOf(series: readonly Series[]): OutlyingRound[] {
  const rounds = series.flatMap((one) => one.column("round"));
  const costs = series.flatMap((one) => one.column("cpu"));
  const measured = rounds.filter((_, index) => !Number.isNaN(costs[index]));
  return outliers(valuesOf(series, "cpu")).map(({ index, value, score }) => ({
    round: measured[index]!,
    cpuSeconds: value,
    score,
  }));
}

function failuresOf(series: readonly Series[]): Failure[] {
  const failures = Map.groupBy(series.flatMap((one) => [...one.failures]), ([reason]) => reason);
  return [...failures].map(([reason, same]) => ({
    reason,
    rounds: same.flatMap(([, rounds]) => rounds).toSorted((a, b) => a - b),
  }));
}
