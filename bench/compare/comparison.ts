/**
 * What one cost is to another: how much more or less, how sure that is, and what would be needed to know.
 *
 * Costs are compared as ratios, by their logarithms: noise multiplies a cost, and so A against B says
 * the same as B against A (Fleming and Wallace, *How Not to Lie with Statistics: The Correct Way to
 * Summarize Benchmark Results*, CACM 29, 1986).
 *
 * @module
 */
import { type Interval, mad, median } from "../statistics/median.ts";
import { holm } from "../statistics/holm.ts";
import { pairedShift, smallestPairedP } from "../statistics/paired.ts";
import { SIGNIFICANCE } from "../statistics/ranks.ts";
import type { Shift } from "../statistics/shift.ts";
import { normalBound } from "../statistics/special.ts";
import { allDifferences, smallestUnpairedP, unpairedShift } from "../statistics/unpaired.ts";

/** Costs to compare, all above 0, in any unit. Paired: those at one index are of the same round. */
export interface Costs {
  readonly paired: boolean;
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** What the cost B is to the cost A; ratios are B over A. */
export interface Comparison {
  readonly paired: boolean;
  /** Rounds that count for each. */
  readonly rounds: { readonly a: number; readonly b: number };
  /** Hodges and Lehmann's estimate. */
  readonly ratio: number;
  /** Of the ratio: 95 % for this comparison by itself, or a range. */
  readonly interval: Interval;
  /**
   * The ratios that these rounds do not rule out, all comparisons looked at together: had B been as far
   * from A as any other ratio, it would have been called a difference.
   */
  readonly possible: Interval;
  /** Where half of all ratios of a single round of B to one of A lie: their median, give or take a MAD. */
  readonly noise: { readonly low: number; readonly high: number };
  /** Two-sided p-value of no difference. */
  readonly p: number;
  /** The same after Holm's correction: to be compared with 0.05. */
  readonly correctedP: number;
  /** The smallest `correctedP` that so many rounds can have, if this design alone differed. */
  readonly smallestP: number;
  /** How many comparisons were corrected for. */
  readonly family: number;
}

/** What a comparison found of B. */
export type Finding = "costs more" | "costs less" | "no difference" | "too few rounds";

/** Chance of a difference to be found by the number of rounds that is advised. */
export const POWER = 0.8;

/** Compares costs, correcting for how many comparisons there are. None of them may be empty. */
export function compareCosts(all: readonly Costs[]): Comparison[] {
  const family = all.length;
  const shifts = all.map((costs) => shiftOf(costs, SIGNIFICANCE));
  const corrected = holm(shifts.map(({ p }) => p));
  return all.map((costs, index): Comparison => {
    const { estimate, interval, p, smallestP } = shifts[index]!;
    return {
      paired: costs.paired,
      rounds: { a: costs.a.length, b: costs.b.length },
      ratio: Math.exp(estimate),
      interval: ratios(interval),
      possible: ratios(shiftOf(costs, SIGNIFICANCE / family).interval),
      noise: noiseOf(costs),
      p,
      correctedP: corrected[index]!,
      smallestP: Math.min(1, family * smallestP),
      family,
    };
  });
}

/** What was found. A difference is one where p-value and interval say so, and the rounds could. */
export function findingOf(
  { smallestP, correctedP, interval: { low, high } }: Comparison,
): Finding {
  if (smallestP > SIGNIFICANCE) return "too few rounds";
  if (correctedP > SIGNIFICANCE) return "no difference";
  // With ties among the costs, the interval can be a shade more careful than the p-value.
  return low > 1 ? "costs more" : high < 1 ? "costs less" : "no difference";
}

/** The least share by which B would have to be dearer or cheaper to be called different: 0.06 is 6 %. */
export function detectable({ possible: { low, high } }: Comparison): number {
  return Math.max(high - 1, 1 - low);
}

/** Fewest rounds that can show any difference, with so many comparisons. In two runs: of each. */
export function fewestRounds({ paired, family }: Pick<Comparison, "paired" | "family">): number {
  const smallest = paired ? smallestPairedP : (n: number) => smallestUnpairedP(n, n);
  let rounds = 1;
  while (family * smallest(rounds) > SIGNIFICANCE) rounds++;
  return rounds;
}

/**
 * About how many rounds find a difference of so large a share (0.1 is 10 %) 4 times in 5. In two runs: of
 * each.
 *
 * From the width of the interval that there is, which shrinks with the square root of the rounds; as
 * G. E. Noether, *Sample Size Determination for Some Common Nonparametric Tests*, JASA 82, 1987.
 */
export function roundsFor(share: number, comparison: Comparison): number {
  const { rounds: { a, b }, paired, possible, family } = comparison;
  const bound = normalBound(SIGNIFICANCE / family);
  const halfWidth = Math.log(possible.high / possible.low) / 2;
  const wanted = Math.log1p(share) * bound / (bound + normalBound(2 * (1 - POWER)));
  const rounds = paired ? a : 2 / (1 / a + 1 / b);
  return Math.max(fewestRounds(comparison), Math.ceil(rounds * (halfWidth / wanted) ** 2));
}

/**
 * Whether B is worse by more than a share (0.05 is 5 %): a difference was found, all of its interval is
 * above that, and so is the noise band, which no number of rounds makes narrower. An interval alone would
 * blame B for a whole run that was a little slower.
 */
export function isRegression(comparison: Comparison, share: number): boolean {
  const { interval, noise } = comparison;
  return findingOf(comparison) === "costs more" &&
    Math.min(interval.low, noise.low) > 1 + share;
}

function shiftOf({ paired, a, b }: Costs, error: number): Shift {
  const [logA, logB] = [a.map(Math.log), b.map(Math.log)];
  return paired
    ? pairedShift(logB.map((one, index) => one - logA[index]!), error)
    : unpairedShift(logA, logB, error);
}

function noiseOf({ paired, a, b }: Costs): Comparison["noise"] {
  const [logA, logB] = [a.map(Math.log), b.map(Math.log)];
  const all = paired ? logB.map((one, index) => one - logA[index]!) : allDifferences(logA, logB);
  const [middle, spread] = [median(all), mad(all)];
  return { low: Math.exp(middle - spread), high: Math.exp(middle + spread) };
}

function ratios({ low, high, ...rest }: Interval): Interval {
  return { ...rest, low: Math.exp(low), high: Math.exp(high) };
}
