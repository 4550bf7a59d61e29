/**
 * Summarizes a recorded run. Pure, with plain data as result: numbers are neither rounded nor clamped.
 *
 * Only trials with status "ok" are valid. CPU and times are in seconds unless a name says otherwise.
 *
 * @module
 */
import { designs } from "../../../servers/designs.ts";
import type { Comparison } from "../../compare/comparison.ts";
import { BASELINE } from "../../plan/plan.ts";
import type { Recorded, Run, Trial } from "../../record/types.ts";
import { evenness, type Interval, interval, mad, median } from "../../statistics/median.ts";
import { outliers } from "../../statistics/outliers.ts";
import { compareWithBaselines, difference, madeShare, ofAll } from "./baseline.ts";
import {
  connectionsOf,
  type DesignInfo,
  type Distribution,
  hasPool,
  lastDistribution,
  noDistributionReason,
} from "./distribution.ts";

export type { DesignInfo };

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
  /** Share of the planned connections that were made; below 1 where loads were ended early. */
  readonly madeShare: number;
  /** CPU seconds of parent and children, for all planned connections. */
  readonly cpu: Estimate | null;
  /** CPU seconds above the baseline in the same round; may be negative. */
  readonly processControl: Estimate | null;
  /** CPU time against the baseline, paired within rounds and corrected for the number of designs. */
  readonly againstBaseline: Comparison | null;
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
  /** Seconds per request, of the first of a connection from connect: estimates over each round's percentile. */
  readonly latency: {
    readonly p50: Estimate | null;
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
  /** Calls of accept that found no connection, per connection; null in records without them. */
  readonly emptyAccepts: Estimate | null;
  /** Clients of the busiest child divided by those of the least busy; null without a pool. */
  readonly evenness: Estimate | null;
  /** Null without a pool; `noDistribution` is the reason. */
  readonly distribution: Distribution | null;
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
  const { run, trials } = recorded;
  const seen = new Set([...run.plan.designs, ...trials.map((trial) => trial.design)]);
  const known = registry.filter((design) => seen.delete(design.id));
  const baselines = new Map(
    trials.filter((trial) => trial.design === BASELINE && isValid(trial))
      .map((trial) => [trial.round, trial]),
  );
  const all = [...known.map((design) => design.id), ...seen];
  const summaries = all.map((id) =>
    summarizeDesign(
      id,
      trials.filter((trial) => trial.design === id),
      baselines,
      known.find((design) => design.id === id),
    )
  );
  const comparisons = compareWithBaselines(trials.filter(isValid), baselines);
  return {
    run,
    recordedTrials: trials.length,
    designs: summaries.map((design) => ({
      ...design,
      againstBaseline: comparisons.get(design.id) ?? null,
    })),
  };
}

function summarizeDesign(
  id: string,
  trials: readonly Trial[],
  baselines: ReadonlyMap<number, Trial>,
  info: DesignInfo | undefined,
): Omit<DesignSummary, "againstBaseline"> {
  const ok = trials.filter(isValid);
  const over: Over = (pick) => estimate(ok.map(pick));
  const pools = ok.filter((trial) => hasPool(trial, info));
  return {
    id,
    info: info ?? null,
    title: info?.title ?? id,
    row: info?.row ?? null,
    isBaseline: id === BASELINE,
    n: ok.length,
    failures: failuresOf(trials),
    outlyingRounds: outlyingRoundsOf(ok),
    madeShare: ok.length === 0 ? 1 : median(ok.map(madeShare)),
    cpu: over((trial) => ofAll(trial, trial.cpu?.total)),
    processControl: over((trial) => difference(trial, baselines.get(trial.round))),
    cpuMicrosecondsPerConnection: over((trial) => perConnection(trial, trial.cpu?.total, 1e6)),
    cpuMicrosecondsPerRequest: over((trial) => {
      const requests = requestsOf(trial);
      return trial.cpu && requests > 0 ? 1e6 * trial.cpu.total / requests : null;
    }),
    systemShare: over(systemShare),
    pssBytes: over(({ memory, pssBytes }) =>
      memory?.peakBytes ?? (info?.lifetime === "client" ? null : pssBytes)
    ),
    meanPssBytes: over(({ memory }) => memory?.meanBytes ?? null),
    pssBytesPerChild: estimate(pools.map(memoryOfChild)),
    clientCpu: over((trial) => ofAll(trial, trial.client?.cpu.total)),
    wallSeconds: over((trial) => ofAll(trial, trial.client?.wallSeconds)),
    connectionsPerSecond: over((trial) => trial.client?.connectionsPerSecond ?? null),
    requestsPerSecond: over((trial) =>
      trial.client && trial.client.wallSeconds > 0
        ? requestsOf(trial) / trial.client.wallSeconds
        : null
    ),
    latency: latencyOver(over),
    switches: switchesOver(over),
    emptyAccepts: over((trial) => perConnection(trial, emptyAccepts(trial))),
    evenness: estimate(pools.map((trial) => evenness(connectionsOf(trial)))),
    distribution: lastDistribution(pools),
    noDistribution: pools.length > 0 ? null : noDistributionReason(ok.length, info),
  };
}

/** An estimate over the valid trials of a design. */
type Over = (pick: (trial: Trial) => number | null) => Estimate | null;

function latencyOver(over: Over): DesignSummary["latency"] {
  return {
    p50: over((trial) => trial.client?.latency.p50 ?? null),
    p99: over((trial) => trial.client?.latency.p99 ?? null),
    p999: over((trial) => trial.client?.latency.p999 ?? null),
    max: over((trial) => trial.client?.latency.max ?? null),
  };
}

function switchesOver(over: Over): DesignSummary["switches"] {
  return {
    all: over((trial) => perConnection(trial, allSwitches(trial))),
    voluntary: over((trial) => perConnection(trial, trial.switches?.voluntary)),
    involuntary: over((trial) => perConnection(trial, trial.switches?.involuntary)),
  };
}

/** Whether a trial is valid. */
function isValid(trial: Trial): boolean {
  return trial.status === "ok";
}

function estimate(values: readonly (number | null)[]): Estimate | null {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return null;
  return {
    n: present.length,
    median: median(present),
    mad: mad(present),
    interval: interval(present),
  };
}

function perConnection(trial: Trial, amount: number | null | undefined, scale = 1): number | null {
  if (amount === null || amount === undefined || !trial.client?.connections) return null;
  return amount * scale / trial.client.connections;
}

/** Requests answered; in old records as many as connections. */
function requestsOf({ client }: Trial): number {
  return client?.requests ?? client?.connections ?? 0;
}

function allSwitches({ switches }: Trial): number | undefined {
  return switches ? switches.voluntary + switches.involuntary : undefined;
}

function emptyAccepts({ children }: Trial): number | null {
  const counts = children.flatMap((child) => child.emptyAccepts ?? []);
  return counts.length < children.length ? null : counts.reduce((sum, count) => sum + count, 0);
}

/** Share of user + system, not of the total, which comes from a different, exact clock. */
function systemShare({ cpu }: Trial): number | null {
  return cpu && cpu.user + cpu.system > 0 ? cpu.system / (cpu.user + cpu.system) : null;
}

function memoryOfChild({ children }: Trial): number | null {
  const known = children.flatMap(({ pssBytes }) => pssBytes === null ? [] : [pssBytes]);
  return known.length === 0 ? null : median(known);
}

function outlyingRoundsOf(ok: readonly Trial[]): OutlyingRound[] {
  const measured = ok.filter(({ cpu }) => cpu !== null);
  return outliers(measured.map(({ cpu }) => cpu!.total)).map(({ index, value, score }) => ({
    round: measured[index]!.round,
    cpuSeconds: value,
    score,
  }));
}

function failuresOf(trials: readonly Trial[]): Failure[] {
  const failed = trials.filter((trial) => !isValid(trial));
  const byReason = Map.groupBy(failed, (trial) => trial.reason ?? "no reason recorded");
  return [...byReason].map(([reason, same]) => ({
    reason,
    rounds: same.map((trial) => trial.round).toSorted((a, b) => a - b),
  }));
}
