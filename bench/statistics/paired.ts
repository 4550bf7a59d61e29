/**
 * Paired differences: two designs in the same round.
 *
 * @module
 */
import { PairSums } from "./pair_sums.ts";
import { asExtreme, depthOf, doubledRanks, SIGNIFICANCE, sumDistribution } from "./ranks.ts";
import { invert, type Shift } from "./shift.ts";
import { normalBound, normalTwoSided } from "./special.ts";

/** Most pairs with an exact distribution of rank sums; above, it is approximately normal. */
const MOST_EXACT = 100;

/**
 * The shift of paired differences, with Wilcoxon's signed-rank test and the interval that inverts it
 * (F. Wilcoxon, *Individual Comparisons by Ranking Methods*, Biometrics Bulletin 1, 1945; Hollander,
 * Wolfe and Chicken, *Nonparametric Statistical Methods*, 3rd ed., § 3.1 to 3.3).
 *
 * Without a difference, A and B of a round are exchangeable, since their order is random. Then the test is
 * exact for any noise: at most 5 % of such comparisons report a difference. It needs at least 6 pairs. It
 * finds smaller differences than the sign test, the test for the median.
 *
 * @param error Probability that the interval misses; default 0.05.
 * @throws {RangeError} if there are no differences
 *
 * @example
 * ```ts
 * import { pairedShift } from "./paired.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { estimate, interval: { low, high }, p } = pairedShift([1, 2, 3, 4, 5, 6]);
 * assertEquals([estimate, low, high, p], [3.5, 1, 6, 2 / 2 ** 6]);
 * ```
 */
export function pairedShift(differences: readonly number[], error = SIGNIFICANCE): Shift {
  const n = differences.length;
  const { depth, missed } = criticalDepth(n, error);
  return {
    ...invert(walshAverages(differences), depth, missed),
    p: signedRankP(differences),
    smallestP: smallestPairedP(n),
  };
}

/** The smallest p of `n` pairs: all differences have the same sign, 2 of 2ⁿ assignments of signs. */
export function smallestPairedP(n: number): number {
  return Math.min(1, 2 ** (1 - n));
}

/**
 * Two-sided p-value of Wilcoxon's signed-rank test. Exact up to 100 pairs, ties included: all 2ⁿ
 * assignments of signs are counted. A difference of 0 keeps its rank and has no sign (J. W. Pratt, *Remarks
 * on Zeros and Ties in the Wilcoxon Signed Rank Procedures*, JASA 54, 1959). Above 100 pairs: normal
 * approximation with continuity correction.
 */
export function signedRankP(differences: readonly number[]): number {
  const all = doubledRanks(differences.map(Math.abs));
  const ranks = all.filter((_, index) => differences[index] !== 0);
  const positive = all.filter((_, index) => differences[index]! > 0)
    .reduce((sum, rank) => sum + rank, 0);
  if (ranks.length <= MOST_EXACT) return asExtreme(sumDistribution(ranks), positive);
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / 2;
  const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + rank ** 2, 0)) / 2;
  // Ranks are doubled, so sums are 2 apart.
  return normalTwoSided(Math.max(0, Math.abs(positive - mean) - 1) / deviation);
}

/** Means of all pairs of differences, each with itself too: the test counts those above 0. */
function walshAverages(differences: readonly number[]): PairSums {
  return new PairSums(differences.map((one) => one / 2));
}

/** Depth of the interval in the Walsh averages, and its probability of missing. */
function criticalDepth(n: number, error: number): { depth: number; missed: number } {
  if (n > MOST_EXACT) {
    const deviation = Math.sqrt(n * (n + 1) * (2 * n + 1) / 24);
    const depth = Math.floor(n * (n + 1) / 4 - normalBound(error) * deviation);
    return { depth, missed: error };
  }
  const distribution = sumDistribution(Array.from({ length: n }, (_, index) => index + 1));
  const depth = depthOf(distribution, error / 2);
  const below = distribution.slice(0, Math.max(1, depth)).reduce((sum, share) => sum + share, 0);
  return { depth, missed: Math.min(1, 2 * below) };
}
