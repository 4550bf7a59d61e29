/**
 * Compares two costs: the difference, its certainty, and the number of rounds needed to show one.
 *
 * Costs are compared as ratios, on a logarithmic scale, since noise multiplies a cost. So comparing A with
 * B gives the same result as comparing B with A (Fleming and Wallace, *How Not to Lie with Statistics: The
 * Correct Way to Summarize Benchmark Results*, CACM 29, 1986).
 *
 * @module
 */
import { type Interval, mad, median } from "../statistics/median.ts";
import { holm } from "../statistics/holm.ts";
import { pairedShift, smallestPairedP } from "../statistics/paired.ts";
import { SIGNIFICANCE } from "../statistics/ranks.ts";
import type { Shift } from "../statistics/shift.ts";
import { normalBound } from "../statistics/special.ts";
import { smallestUnpairedP, unpairedShift } from "../statistics/unpaired.ts";

/** Costs to compare, all above 0, in any unit. If paired, costs with the same index are from one round. */
export interface Costs {
  readonly paired: boolean;
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** The cost of B compared with that of A. Ratios are B over A. */
export interface Comparison {
  readonly paired: boolean;
  /** Number of valid rounds. */
  readonly rounds: { readonly a: number; readonly b: number };
  /** The Hodges-Lehmann estimate. */
  readonly ratio: number;
  /** Interval of the ratio: 95 % for this comparison alone, or a range. */
  readonly interval: Interval;
  /**
   * The ratios these rounds do not rule out, corrected for the number of comparisons.
   */
  readonly possible: Interval;
  /** The middle half of the ratios of a single round of B to one of A: their median ± MAD. */
  readonly noise: { readonly low: number; readonly high: number };
  /** Two-sided p-value of the hypothesis of no difference. */
  readonly p: number;
  /** The same after Holm's correction, for comparison with 0.05. */
  readonly correctedP: number;
  /** The smallest `correctedP` possible with this number of rounds, if only this design differs. */
  readonly smallestP: number;
  /** Number of comparisons in the correction. */
  readonly family: number;
}

/** The finding of a comparison, about B. */
export type Finding = "higher" | "lower" | "no difference" | "too few rounds";

/** Probability of finding a difference with the recommended number of rounds. */
export const POWER = 0.8;

/** Compares costs, corrected for the number of comparisons. None may be empty. */
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

/** The finding. A difference needs a small p-value, an interval without 1, and enough rounds. */
export function findingOf(
  { smallestP, correctedP, interval: { low, high } }: Comparison,
): Finding {
  if (smallestP > SIGNIFICANCE) return "too few rounds";
  if (correctedP > SIGNIFICANCE) return "no difference";
  // With ties among the costs, the interval can be slightly more conservative than the p-value.
  return low > 1 ? "higher" : high < 1 ? "lower" : "no difference";
}

/** Whether a difference was found. */
export function isDifference(comparison: Comparison): boolean {
  const finding = findingOf(comparison);
  return finding === "higher" || finding === "lower";
}

/**
 * The smallest increase that as many rounds in such noise would find with probability `POWER`, as a share:
 * 0.06 is 6 %. Null with too few rounds. It is a calculation of power, not the end of the interval, whose
 * difference would be found in one of two runs only: see `roundsFor`.
 */
export function visible(comparison: Comparison): number | null {
  return findingOf(comparison) === "too few rounds" ? null : Math.expm1(visibleShift(comparison));
}

/** The same as a shift of the logarithm, up or down. */
export function visibleShift({ possible, family }: Comparison): number {
  const bound = normalBound(SIGNIFICANCE / family);
  return halfWidthOf(possible) * (bound + normalBound(2 * (1 - POWER))) / bound;
}

function halfWidthOf({ low, high }: Interval): number {
  return Math.log(high / low) / 2;
}

/** The smallest number of rounds that can show a difference; for two runs, in each. */
export function fewestRounds({ paired, family }: Pick<Comparison, "paired" | "family">): number {
  const smallest = paired ? smallestPairedP : (n: number) => smallestUnpairedP(n, n);
  let rounds = 1;
  while (family * smallest(rounds) > SIGNIFICANCE) rounds++;
  return rounds;
}

/**
 * The approximate number of rounds that finds an increase of this share (0.1 is 10 %) with probability
 * `POWER`; for two runs, in each.
 *
 * Derived from the width of the current interval, which shrinks with the square root of the rounds: see
 * G. E. Noether, *Sample Size Determination for Some Common Nonparametric Tests*, JASA 82, 1987.
 */
export function roundsFor(share: number, comparison: Comparison): number {
  const { rounds: { a, b }, paired } = comparison;
  const rounds = paired ? a : 2 / (1 / a + 1 / b);
  const needed = rounds * (visibleShift(comparison) / Math.log1p(share)) ** 2;
  return Math.max(fewestRounds(comparison), Math.ceil(needed));
}

/**
 * The comparison with its intervals widened to the noise of a single round, which more rounds do not
 * narrow: for runs that were disturbed, so that a difference may be that of the disturbance.
 */
export function widen(comparison: Comparison): Comparison {
  const { interval, possible, noise } = comparison;
  const around = ({ low, high, ...rest }: Interval) => ({
    ...rest,
    low: Math.min(low, noise.low),
    high: Math.max(high, noise.high),
  });
  return { ...comparison, interval: around(interval), possible: around(possible) };
}

function shiftOf({ paired, a, b }: Costs, error: number): Shift {
  const [logA, logB] = [a.map(Math.log), b.map(Math.log)];
  return paired
    ? pairedShift(logB.map((one, index) => one - logA[index]!), error)
    : unpairedShift(logA, logB, error);
}

function noiseOf({ paired, a, b }: Costs): Comparison["noise"] {
  const [logA, logB] = [a.map(Math.log), b.map(Math.log)];
  const all = paired
    ? logB.map((one, index) => one - logA[index]!)
    : logB.flatMap((one) => logA.map((other) => one - other));
  const [middle, spread] = [median(all), mad(all)];
  return { low: Math.exp(middle - spread), high: Math.exp(middle + spread) };
}

function ratios({ low, high, ...rest }: Interval): Interval {
  return { ...rest, low: Math.exp(low), high: Math.exp(high) };
}
