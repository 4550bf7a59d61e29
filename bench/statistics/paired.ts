/**
 * Differences within pairs: two designs in the same round.
 *
 * @module
 */
import { asExtreme, depthOf, doubledRanks, SIGNIFICANCE, sumDistribution } from "./ranks.ts";
import { invert, type Shift } from "./shift.ts";
import { normalBound, normalTwoSided } from "./special.ts";

/** Most pairs whose sums of ranks are counted; above, they are as good as normal. */
const MOST_EXACT = 100;

/**
 * What differences within pairs show, by Wilcoxon's signed-rank test and the interval that inverts it
 * (F. Wilcoxon, *Individual Comparisons by Ranking Methods*, Biometrics Bulletin 1, 1945; Hollander,
 * Wolfe and Chicken, *Nonparametric Statistical Methods*, 3rd ed., § 3.1 to 3.3).
 *
 * Without a difference, A and B of a round could be exchanged, since their order is random. Then the
 * test is exact whatever the noise: it calls a difference in no more than 5 of 100 such comparisons. It
 * needs 6 pairs for that. Against the median's own test (the sign test) it finds smaller differences.
 *
 * @param error What the interval may miss, 0.05 unless told.
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

/** The smallest p of `n` pairs: all differences have one sign, of 2ⁿ ways to have signs. */
export function smallestPairedP(n: number): number {
  return Math.min(1, 2 ** (1 - n));
}

/**
 * Two-sided p-value of Wilcoxon's signed-rank test. Exact up to 100 pairs, ties included: all 2ⁿ signs
 * are counted. A difference of 0 keeps its rank and has no sign (J. W. Pratt, *Remarks on Zeros and Ties
 * in the Wilcoxon Signed Rank Procedures*, JASA 54, 1959). Above 100 normal, corrected for continuity.
 */
export function signedRankP(differences: readonly number[]): number {
  const all = doubledRanks(differences.map(Math.abs));
  const ranks = all.filter((_, index) => differences[index] !== 0);
  const positive = all.filter((_, index) => differences[index]! > 0)
    .reduce((sum, rank) => sum + rank, 0);
  if (ranks.length <= MOST_EXACT) return asExtreme(sumDistribution(ranks), positive);
  const mean = ranks.reduce((sum, rank) => sum + rank, 0) / 2;
  const deviation = Math.sqrt(ranks.reduce((sum, rank) => sum + rank ** 2, 0)) / 2;
  // Ranks are doubled: sums lie 2 apart.
  return normalTwoSided(Math.max(0, Math.abs(positive - mean) - 1) / deviation);
}

/** Means of any two differences, each with itself too: the test counts those above 0. */
function walshAverages(differences: readonly number[]): number[] {
  return differences.flatMap((one, index) =>
    differences.slice(index).map((other) => (one + other) / 2)
  );
}

/** How deep the interval reaches into the Walsh averages, and how often it misses. */
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
