/**
 * From a recorded run to the figures the tables print. Pure, and plain data: numbers are neither
 * rounded nor clamped here.
 *
 * Only trials with status "ok" count. CPU and times are in seconds unless a name says otherwise.
 *
 * @module
 */
import { designs } from "../../../servers/designs.ts";
import type { Comparison } from "../../compare/comparison.ts";
import { BASELINE } from "../../plan/plan.ts";
import type { Recorded, Run, Trial } from "../../record/record.ts";
import { evenness, type Interval, interval, mad, median } from "../../statistics/median.ts";
import { outliers } from "../../statistics/outliers.ts";
import { compareWithBaselines, difference } from "./baseline.ts";
import {
  connectionsOf,
  type DesignInfo,
  type Distribution,
  hasPool,
  lastDistribution,
  whyNone,
} from "./distribution.ts";

export type { DesignInfo };

/** A figure over rounds. */
export interface Estimate {
  /** How many rounds it stands on. */
  readonly n: number;
  readonly median: number;
  /** Median absolute deviation over rounds, not scaled. */
  readonly mad: number;
  /** Of the median. */
  readonly interval: Interval;
}

/** A round whose CPU time does not look like the others'. It counts all the same. */
export interface OddRound {
  /** As numbered in the record. */
  readonly round: number;
  readonly cpuSeconds: number;
  /** How far from the median, in scaled MADs; negative below it. */
  readonly score: number;
}

/** Trials that failed for the same reason. */
export interface Failure {
  readonly reason: string;
  /** As numbered in the record. */
  readonly rounds: readonly number[];
}

/** Everything the tables say of one design. An estimate is null where no round that counts has it. */
export interface DesignSummary {
  readonly id: string;
  /** Its row of the registry; null for a design that is not registered. */
  readonly info: DesignInfo | null;
  readonly title: string;
  /** Row of Table 30.1; null for a design that is not in the book. */
  readonly row: number | null;
  readonly isBaseline: boolean;
  /** Trials that count. */
  readonly n: number;
  readonly failures: readonly Failure[];
  readonly oddRounds: readonly OddRound[];
  /** CPU seconds of everything that serves. */
  readonly cpu: Estimate | null;
  /** CPU seconds more than the baseline in the same round; less than nothing is possible. */
  readonly processControl: Estimate | null;
  /** CPU time against the baseline's, paired within a round and corrected for the number of designs. */
  readonly againstBaseline: Comparison | null;
  readonly cpuMicrosecondsPerConnection: Estimate | null;
  /** Share of CPU time spent in the kernel, 0 to 1. Tick-based: only indicative. */
  readonly systemShare: Estimate | null;
  /** Memory of everything that serves, in bytes (Pss). */
  readonly pssBytes: Estimate | null;
  /** The same of one child of a pool, in the middle; null for a design of threads. */
  readonly pssBytesPerChild: Estimate | null;
  /** CPU seconds of the clients. */
  readonly clientCpu: Estimate | null;
  readonly wallSeconds: Estimate | null;
  readonly connectionsPerSecond: Estimate | null;
  /** Seconds, of whole connections: over rounds, of each round's percentile. */
  readonly latency: {
    readonly p50: Estimate | null;
    readonly p99: Estimate | null;
    readonly max: Estimate | null;
  };
  /** Per connection. */
  readonly switches: {
    readonly all: Estimate | null;
    readonly voluntary: Estimate | null;
    readonly involuntary: Estimate | null;
  };
  /** Clients of the busiest child over those of the idlest; null for a design without a pool. */
  readonly evenness: Estimate | null;
  /** Null where there is none to print; `noDistribution` then says why. */
  readonly distribution: Distribution | null;
  readonly noDistribution: string | null;
}

/** A run in figures. */
export interface Summary {
  readonly run: Run;
  /** How many trials were recorded, of those in `run.plan.trials`. */
  readonly recordedTrials: number;
  /** In the order of the registry; ids it does not know come last. */
  readonly designs: readonly DesignSummary[];
}

/** The figures of a recorded run. */
export function summarize(recorded: Recorded, registry: readonly DesignInfo[] = designs): Summary {
  const { run, trials } = recorded;
  const seen = new Set([...run.plan.designs, ...trials.map((trial) => trial.design)]);
  const known = registry.filter((design) => seen.delete(design.id));
  const baselines = new Map(
    trials.filter((trial) => trial.design === BASELINE && counts(trial))
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
  const comparisons = compareWithBaselines(trials.filter(counts), baselines);
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
  const ok = trials.filter(counts);
  const over = (pick: (trial: Trial) => number | null) => estimate(ok.map(pick));
  const pools = ok.filter((trial) => hasPool(trial, info));
  return {
    id,
    info: info ?? null,
    title: info?.title ?? id,
    row: info?.row ?? null,
    isBaseline: id === BASELINE,
    n: ok.length,
    failures: failuresOf(trials),
    oddRounds: oddRoundsOf(ok),
    cpu: over((trial) => trial.cpu?.total ?? null),
    processControl: over((trial) => difference(trial, baselines.get(trial.round))),
    cpuMicrosecondsPerConnection: over((trial) => perConnection(trial, trial.cpu?.total, 1e6)),
    systemShare: over(systemShare),
    pssBytes: over((trial) => trial.pssBytes),
    pssBytesPerChild: estimate(pools.map(memoryOfChild)),
    clientCpu: over((trial) => trial.client?.cpu.total ?? null),
    wallSeconds: over((trial) => trial.client?.wallSeconds ?? null),
    connectionsPerSecond: over((trial) => trial.client?.connectionsPerSecond ?? null),
    latency: {
      p50: over((trial) => trial.client?.latency.p50 ?? null),
      p99: over((trial) => trial.client?.latency.p99 ?? null),
      max: over((trial) => trial.client?.latency.max ?? null),
    },
    switches: {
      all: over((trial) => perConnection(trial, allSwitches(trial))),
      voluntary: over((trial) => perConnection(trial, trial.switches?.voluntary)),
      involuntary: over((trial) => perConnection(trial, trial.switches?.involuntary)),
    },
    evenness: estimate(pools.map((trial) => evenness(connectionsOf(trial)))),
    distribution: lastDistribution(pools),
    noDistribution: pools.length > 0 ? null : whyNone(ok.length, info),
  };
}

/** Whether a trial counts. */
function counts(trial: Trial): boolean {
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

function allSwitches({ switches }: Trial): number | undefined {
  return switches ? switches.voluntary + switches.involuntary : undefined;
}

/** Of user + system, not of the total: the total comes from another, exact clock. */
function systemShare({ cpu }: Trial): number | null {
  return cpu && cpu.user + cpu.system > 0 ? cpu.system / (cpu.user + cpu.system) : null;
}

function memoryOfChild({ children }: Trial): number | null {
  const known = children.flatMap(({ pssBytes }) => pssBytes === null ? [] : [pssBytes]);
  return known.length === 0 ? null : median(known);
}

function oddRoundsOf(ok: readonly Trial[]): OddRound[] {
  const measured = ok.filter(({ cpu }) => cpu !== null);
  return outliers(measured.map(({ cpu }) => cpu!.total)).map(({ index, value, score }) => ({
    round: measured[index]!.round,
    cpuSeconds: value,
    score,
  }));
}

function failuresOf(trials: readonly Trial[]): Failure[] {
  const failed = trials.filter((trial) => !counts(trial));
  const byReason = Map.groupBy(failed, (trial) => trial.reason ?? "no reason recorded");
  return [...byReason].map(([reason, same]) => ({
    reason,
    rounds: same.map((trial) => trial.round).toSorted((a, b) => a - b),
  }));
}
