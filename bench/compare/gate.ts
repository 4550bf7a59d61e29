/**
 * Whether a comparison fails a build.
 *
 * @module
 */
import {
  type Comparison,
  fewestRounds,
  findingOf,
  POWER,
  roundsFor,
  visibleShift,
} from "./comparison.ts";
import { type MetricName, metrics } from "./metrics.ts";
import type { MetricComparison } from "./records.ts";
import { formatRatio, roundsText } from "./verdict.ts";

/** By how much each metric may get worse, as a share: 0.05 is 5 %. */
export type Thresholds = Readonly<Partial<Record<MetricName, number>>>;

/** The judgement of one metric. */
export interface Gate {
  /**
   * `regression`: worse, by more than the threshold. `passed`: not so, and these rounds would probably have
   * shown it. `unsure`: neither.
   */
  readonly outcome: "regression" | "passed" | "unsure";
  /** The reason. */
  readonly sentence: string;
}

/**
 * Judges a metric of `b`. A regression is a difference that was found, of which the estimate is beyond the
 * threshold. Without one, the rounds must be enough to find one as large as the threshold with probability
 * `POWER`; else the outcome is open.
 */
export function gate(
  comparison: Comparison,
  b: string,
  metric: MetricName,
  share: number,
): Gate {
  const { title, worse } = metrics[metric];
  const sign = worse === "higher" ? 1 : -1;
  const limit = Math.abs(Math.log1p(sign * share));
  const threshold = `more than ${formatLimit(share)} ${worse}`;
  const subject = `${title} of ${b} is`;
  const measured = `(measured: ${formatRatio(comparison.ratio)})`;
  const finding = findingOf(comparison);
  if (finding === worse && sign * Math.log(comparison.ratio) > limit) {
    return { outcome: "regression", sentence: `Regression: ${subject} ${threshold} ${measured}.` };
  }
  if (finding === "too few rounds" || visibleShift(comparison) > limit) {
    return {
      outcome: "unsure",
      sentence: `Cannot tell whether ${subject} ${threshold} ${measured}: ` +
        `${roundsText(comparison)} would not find that reliably; ${neededText(comparison, limit)}.`,
    };
  }
  return {
    outcome: "passed",
    sentence: `Passed: ${subject} not ${threshold} ${measured}; ${10 * POWER} of 10 such ` +
      "comparisons would have found that.",
  };
}

/** How many rounds would find a shift of the logarithm. */
function neededText(comparison: Comparison, shift: number): string {
  const each = comparison.paired ? "" : " in each run";
  if (findingOf(comparison) === "too few rounds") {
    return `nothing can be said of fewer than ${fewestRounds(comparison)}${each}`;
  }
  const { rounds: { a, b } } = comparison;
  return `about ${Math.max(roundsFor(Math.expm1(shift), comparison), a + 1, b + 1)}${each} would`;
}

/** A threshold as it was given: 0.05 is "5 %". */
function formatLimit(share: number): string {
  return `${Number((100 * share).toFixed(2))} %`;
}

/** The judgement of a metric, with its name. */
export interface MetricGate extends Gate {
  readonly metric: MetricName;
}

/** Judges the metrics of `b` that have a threshold. One without a value in a valid round is unsure. */
export function gatesOf(
  compared: readonly MetricComparison[],
  b: string,
  thresholds: Thresholds,
): MetricGate[] {
  return compared.flatMap(({ metric, comparison }) => {
    const share = thresholds[metric];
    if (share === undefined) return [];
    const judged = comparison ? gate(comparison, b, metric, share) : {
      outcome: "unsure",
      sentence: `Cannot tell about ${metrics[metric].title} of ${b}: there is nothing to compare.`,
    } as const;
    return [{ metric, ...judged }];
  });
}

/** Several judgements as lines: what passed by its number, then what did not, the worst last. */
export function gateLines(gates: readonly Gate[], missing: readonly string[] = []): string[] {
  const of = (outcome: Gate["outcome"]) => gates.filter((gate) => gate.outcome === outcome);
  const passed = of("passed");
  return [
    ...(passed.length === 1
      ? [passed[0]!.sentence]
      : passed.length > 1
      ? [`${passed.length} thresholds passed.`]
      : []),
    ...of("unsure").map(({ sentence }) => sentence),
    ...missing.map((what) => `Cannot tell: ${what}.`),
    ...of("regression").map(({ sentence }) => sentence),
  ];
}

/** The outcome of several judgements: the worst. */
export function worstOf(gates: readonly Gate[]): Gate["outcome"] {
  const outcomes = new Set(gates.map(({ outcome }) => outcome));
  return outcomes.has("regression") ? "regression" : outcomes.has("unsure") ? "unsure" : "passed";
}
