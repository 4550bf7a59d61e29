/**
 * Two independent samples: a design in two recorded runs.
 *
 * @module
 */
import { asExtreme, depthOf, doubledRanks, SIGNIFICANCE, sumDistribution } from "./ranks.ts";
import { PairSums } from "./pair_sums.ts";
import { invert, type Shift } from "./shift.ts";
import { logChoose, normalBound, normalTwoSided } from "./special.ts";

/** Most values in both samples with an exact distribution of rank sums; above, it is approximately normal. */
const MOST_EXACT = 60;

/**
 * The shift from `a` to `b`, with the Mann-Whitney test and the interval that inverts it: the median of all
 * differences between a value of `b` and one of `a`, and two of those differences
 * (Mann and Whitney, *On a Test of Whether one of Two Random Variables is Stochastically Larger than the
 * Other*, Annals of Mathematical Statistics 18, 1947; Hollander, Wolfe and Chicken, *Nonparametric
 * Statistical Methods*, 3rd ed., § 4.1 to 4.3).
 *
 * @param error Probability that the interval misses; default 0.05.
 * @throws {RangeError} if a sample is empty
 *
 * @example
 * ```ts
 * import { unpairedShift } from "./unpaired.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { estimate, p } = unpairedShift([1, 2, 3, 4], [11, 12, 13, 14]);
 * assertEquals([estimate, p], [10, 2 / 70]);
 * ```
 */
export function unpairedShift(
  a: readonly number[],
  b: readonly number[],
  error = SIGNIFICANCE,
): Shift {
  const { depth, missed } = criticalDepth(a.length, b.length, error);
  return {
    ...invert(allDifferences(a, b), depth, missed),
    p: mannWhitneyP(a, b),
    smallestP: smallestUnpairedP(a.length, b.length),
  };
}

/** Every value of `b` minus every value of `a`. */
function allDifferences(a: readonly number[], b: readonly number[]): PairSums {
  return new PairSums(b, a.map((one) => -one));
}

/** The smallest p of samples of `m` and `n`: that of samples without overlap. */
export function smallestUnpairedP(m: number, n: number): number {
  return Math.min(1, 2 * Math.exp(-logChoose(m + n, m)));
}

/**
 * Two-sided p-value of the Mann-Whitney test. Exact up to 60 values in total, ties included: the share of
 * all assignments of the values to the samples with U at least as far from its mean. Above 60: normal
 * approximation, corrected for ties and for continuity (E. L. Lehmann, *Nonparametrics*, § 1.3 and 1.4).
 */
export function mannWhitneyP(a: readonly number[], b: readonly number[]): number {
  const [few, many] = a.length < b.length ? [a, b] : [b, a];
  const ranks = doubledRanks([...few, ...many]);
  const sum = rankSum(few, ranks);
  const all = ranks.length;
  if (all <= MOST_EXACT) return asExtreme(sumDistribution(ranks, few.length), sum);
  // The mean of all doubled ranks is all + 1, with or without ties; ties reduce their variance.
  const variation = ranks.reduce((total, rank) => total + (rank - all - 1) ** 2, 0);
  const variance = few.length * many.length / (all * (all - 1)) * variation;
  if (variance === 0) return 1;
  // Ranks are doubled, so sums are 2 apart without ties.
  const distance = Math.max(0, Math.abs(sum - few.length * (all + 1)) - 1);
  return normalTwoSided(distance / Math.sqrt(variance));
}

/** The doubled rank sum of the sample whose ranks come first. */
function rankSum(sample: readonly number[], ranks: readonly number[]): number {
  return ranks.slice(0, sample.length).reduce((sum, rank) => sum + rank, 0);
}

/** Depth of the interval in the differences, and its probability of missing. */
function criticalDepth(m: number, n: number, error: number): { depth: number; missed: number } {
  if (m + n > MOST_EXACT) {
    const deviation = Math.sqrt(m * n * (m + n + 1) / 12);
    const depth = Math.max(0, Math.floor(m * n / 2 - normalBound(error) * deviation));
    return { depth, missed: error };
  }
  const size = Math.min(m, n);
  const ranks = Array.from({ length: m + n }, (_, index) => index + 1);
  // U is the rank sum minus its minimum, 1 + … + size.
  const distribution = sumDistribution(ranks, size).slice(size * (size + 1) / 2);
  const depth = depthOf(distribution, error / 2);
  const below = distribution.slice(0, Math.max(1, depth)).reduce((sum, share) => sum + share, 0);
  return { depth, missed: Math.min(1, 2 * below) };
}
