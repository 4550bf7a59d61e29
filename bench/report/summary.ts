/**
 * From a recorded run to the figures the tables print. Pure, and plain data: numbers are neither
 * rounded nor clamped here.
 *
 * Only trials with status "ok" count. CPU and times are in seconds unless a name says otherwise.
 *
 * @module
 */
import type { Design } from "../../servers/design.ts";
import { designs } from "../../servers/designs.ts";
import { BASELINE } from "../plan.ts";
import type { Recorded, Run, Trial } from "../record.ts";
import { evenness, type Interval, interval, median } from "../statistics.ts";

/** What the report has to know of a design. */
export type Known = Pick<Design, "id" | "title" | "children" | "row" | "lifetime">;

/** A figure over rounds. */
export interface Estimate {
  /** How many rounds it stands on. */
  readonly n: number;
  readonly median: number;
  readonly interval: Interval;
}

/** Clients per child in one real round (a column of Table 30.2). */
export interface Distribution {
  /** The round, numbered as in the record: the last one that counts. */
  readonly round: number;
  /** By index. */
  readonly children: readonly { readonly index: number; readonly connections: number }[];
  readonly sum: number;
  /** Most over fewest. */
  readonly evenness: number;
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
  readonly title: string;
  /** Row of Table 30.1; null for a design that is not in the book. */
  readonly row: number | null;
  readonly isBaseline: boolean;
  /** Trials that count. */
  readonly n: number;
  readonly failures: readonly Failure[];
  /** CPU seconds of everything that serves. */
  readonly cpu: Estimate | null;
  /** CPU seconds more than the baseline in the same round; less than nothing is possible. */
  readonly processControl: Estimate | null;
  readonly cpuMicrosecondsPerConnection: Estimate | null;
  /** Share of CPU time spent in the kernel, 0 to 1. Tick-based: only indicative. */
  readonly systemShare: Estimate | null;
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
export function summarize(recorded: Recorded, registry: readonly Known[] = designs): Summary {
  const { run, trials } = recorded;
  const seen = new Set([...run.plan.designs, ...trials.map((trial) => trial.design)]);
  const known = registry.filter((design) => seen.delete(design.id));
  const baselines = new Map(
    trials.filter((trial) => trial.design === BASELINE && counts(trial))
      .map((trial) => [trial.round, trial]),
  );
  const all = [...known.map((design) => design.id), ...seen];
  return {
    run,
    recordedTrials: trials.length,
    designs: all.map((id) =>
      summarizeDesign(
        id,
        trials.filter((trial) => trial.design === id),
        baselines,
        known.find((design) => design.id === id),
      )
    ),
  };
}

function summarizeDesign(
  id: string,
  trials: readonly Trial[],
  baselines: ReadonlyMap<number, Trial>,
  known: Known | undefined,
): DesignSummary {
  const ok = trials.filter(counts);
  const over = (figure: (trial: Trial) => number | null) => estimate(ok.map(figure));
  const pools = ok.filter((trial) => hasPool(trial, known));
  return {
    id,
    title: known?.title ?? id,
    row: known?.row ?? null,
    isBaseline: id === BASELINE,
    n: ok.length,
    failures: failuresOf(trials),
    cpu: over((trial) => trial.cpu?.total ?? null),
    processControl: over((trial) => difference(trial, baselines.get(trial.round))),
    cpuMicrosecondsPerConnection: over((trial) => perConnection(trial, trial.cpu?.total, 1e6)),
    systemShare: over(systemShare),
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
    noDistribution: pools.length > 0 ? null : whyNone(ok.length, known),
  };
}

/** Whether a trial counts. */
function counts(trial: Trial): boolean {
  return trial.status === "ok";
}

function estimate(values: readonly (number | null)[]): Estimate | null {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return null;
  return { n: present.length, median: median(present), interval: interval(present) };
}

/**
 * CPU seconds more than the baseline. Null without a baseline of as much work: one client there stands
 * for all the clients here, and the connections in all are the same.
 */
function difference(trial: Trial, baseline: Trial | undefined): number | null {
  if (!trial.cpu || !baseline?.cpu) return null;
  const sameWork = connectionsAsked(trial) === connectionsAsked(baseline) &&
    trial.load.bytes === baseline.load.bytes;
  return sameWork ? trial.cpu.total - baseline.cpu.total : null;
}

function connectionsAsked({ load }: Trial): number {
  return load.clients * load.connections;
}

function perConnection(trial: Trial, amount: number | undefined, scale = 1): number | null {
  if (amount === undefined || !trial.client?.connections) return null;
  return amount * scale / trial.client.connections;
}

function allSwitches({ switches }: Trial): number | undefined {
  return switches ? switches.voluntary + switches.involuntary : undefined;
}

/** Of user + system, not of the total: the total comes from another, exact clock. */
function systemShare({ cpu }: Trial): number | null {
  return cpu && cpu.user + cpu.system > 0 ? cpu.system / (cpu.user + cpu.system) : null;
}

/** A registered design says so itself; of any other, several children in the record are a pool. */
function hasPool(trial: Trial, known: Known | undefined): boolean {
  const expected = known ? known.lifetime === "pool" : trial.children.length > 1;
  return expected && trial.children.length > 0;
}

function whyNone(ok: number, known: Known | undefined): string {
  if (known?.lifetime === "client") return "a child per client";
  if (known?.children === "none") return "no children";
  return ok === 0 ? "no trial that counts" : "no pool recorded";
}

function lastDistribution(pools: readonly Trial[]): Distribution | null {
  const trial = pools.toSorted((a, b) => a.round - b.round).at(-1);
  if (!trial) return null;
  const connections = connectionsOf(trial);
  return {
    round: trial.round,
    children: trial.children.map(({ index, connections }) => ({ index, connections }))
      .toSorted((a, b) => a.index - b.index),
    sum: connections.reduce((sum, one) => sum + one, 0),
    evenness: evenness(connections),
  };
}

function connectionsOf(trial: Trial): number[] {
  return trial.children.map((child) => child.connections);
}

function failuresOf(trials: readonly Trial[]): Failure[] {
  const failed = trials.filter((trial) => !counts(trial));
  const byReason = Map.groupBy(failed, (trial) => trial.reason ?? "no reason recorded");
  return [...byReason].map(([reason, same]) => ({
    reason,
    rounds: same.map((trial) => trial.round).toSorted((a, b) => a - b),
  }));
}
