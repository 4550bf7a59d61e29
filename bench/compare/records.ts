/**
 * Compares recorded trials by all metrics: two designs of a run, or each design of two runs.
 *
 * @module
 */
import type { Recorded, Trial } from "../record/record.ts";
import { compareCosts, type Comparison, type Costs, isDifference, widen } from "./comparison.ts";
import { DECIDING, type MetricName, METRICS, metrics } from "./metrics.ts";

/** One metric of A and B. */
export interface MetricComparison {
  readonly metric: MetricName;
  /** In the metric's unit, of each valid round; if paired, of the rounds valid for both. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** Null if there are none. */
  readonly comparison: Comparison | null;
}

/** One metric of one design in two runs. */
export interface DesignInRuns extends MetricComparison {
  readonly id: string;
}

/** Two runs, design by design. */
export interface RunsCompared {
  /** Every metric of the designs planned in both runs, in the order of A. */
  readonly designs: readonly DesignInRuns[];
  /** Ids of designs planned only in A. */
  readonly onlyA: readonly string[];
  /** Ids of designs planned only in B. */
  readonly onlyB: readonly string[];
}

/**
 * Compares two designs, paired within rounds; every metric. A design compared with itself ran twice in each
 * round.
 */
export function compareDesigns({ trials }: Recorded, a: string, b: string): MetricComparison[] {
  const [ofA, ofB] = a === b
    ? halves(ofDesign(trials, a))
    : [ofDesign(trials, a), ofDesign(trials, b)];
  return METRICS.flatMap((metric) => compareAll([{ metric, ...pairedCosts(ofA, ofB, metric) }]));
}

/** A metric of A and B, in the rounds valid for both. */
export function pairedCosts(
  a: readonly Trial[],
  b: readonly Trial[],
  metric: MetricName = "cpu",
): Costs {
  return inBothRounds(byRound(a, metric), byRound(b, metric));
}

/** The costs of A and B, by round, in the rounds that both have. */
export function inBothRounds(
  ofA: ReadonlyMap<number, number>,
  ofB: ReadonlyMap<number, number>,
): Costs {
  const rounds = [...ofA.keys()].filter((round) => ofB.has(round));
  const of = (values: ReadonlyMap<number, number>) => rounds.map((round) => values.get(round)!);
  return { paired: true, a: of(ofA), b: of(ofB) };
}

/**
 * Compares every design in both runs, by every metric. Rounds of different runs are unrelated, so the
 * comparisons are unpaired. Each metric is a question of its own, corrected for the number of designs.
 *
 * @param disturbed Whether to widen the intervals to the noise of single rounds.
 */
export function compareRuns(a: Recorded, b: Recorded, disturbed = false): RunsCompared {
  const [inA, inB] = [a, b].map(({ run }) => run.plan.designs) as [string[], string[]];
  const both = inA.filter((id) => inB.includes(id));
  const of = ({ trials }: Recorded, id: string, metric: MetricName) => [
    ...byRound(ofDesign(trials, id), metric).values(),
  ];
  const compared = METRICS.flatMap((metric) =>
    compareAll(
      both.map((id) => ({ id, metric, paired: false, a: of(a, id, metric), b: of(b, id, metric) })),
    )
  );
  return {
    designs: compared.map((one) => ({
      ...one,
      comparison: one.comparison && disturbed ? widen(one.comparison) : one.comparison,
    })),
    onlyA: inA.filter((id) => !inB.includes(id)),
    onlyB: inB.filter((id) => !inA.includes(id)),
  };
}

/** Those to put into words: of each design the metric that decides, and every other that differs. */
export function toReport<T extends MetricComparison & { readonly id?: string }>(
  compared: readonly T[],
): T[] {
  const deciding = (id: string | undefined) =>
    DECIDING.find((name) =>
      compared.some((one) => one.id === id && one.metric === name && one.comparison !== null)
    ) ?? "cpu";
  return compared.filter(({ id, metric, comparison }) =>
    metric === deciding(id) || comparison !== null && isDifference(comparison)
  );
}

/** Those to show: all but the optional ones that there are none of. */
export function toShow<T extends MetricComparison>(compared: readonly T[]): T[] {
  return compared.filter(({ metric, comparison }) =>
    comparison !== null || !metrics[metric].isOptional
  );
}

/** Compares all together, so that they are corrected for their number. */
function compareAll<T extends Costs>(all: readonly T[]): (T & { comparison: Comparison | null })[] {
  const comparable = all.filter(({ a, b }) => a.length > 0 && b.length > 0);
  const comparisons = compareCosts(comparable);
  return all.map((one) => ({ ...one, comparison: comparisons[comparable.indexOf(one)] ?? null }));
}

function ofDesign(trials: readonly Trial[], id: string): Trial[] {
  return trials.filter(({ design }) => design === id);
}

/** The earlier and the later trial of each round. */
function halves(trials: readonly Trial[]): [Trial[], Trial[]] {
  const rounds = [...Map.groupBy(trials, ({ round }) => round).values()]
    .map((same) => same.toSorted((a, b) => a.position - b.position));
  return [rounds.flatMap(([first]) => first ?? []), rounds.flatMap(([, second]) => second ?? [])];
}

/** A metric of each valid trial by round; a value of 0 has no ratio to another. */
function byRound(trials: readonly Trial[], metric: MetricName): Map<number, number> {
  const valid = trials.filter(({ status }) => status === "ok");
  return new Map(valid.flatMap((trial) => {
    const value = metrics[metric].of(trial);
    return value === null || value <= 0 ? [] : [[trial.round, value] as const];
  }));
}
