/**
 * Common parts of rank tests: ranks with ties, and the distribution of rank sums.
 *
 * Ranks are doubled, so that the mean rank of a tie is an integer and sums are exact.
 *
 * @module
 */

/** The largest p-value of a difference. */
export const SIGNIFICANCE = 0.05;

/** Twice the rank of each value, from 2; equal values share the mean of their ranks. */
export function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).toSorted((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    // Ranks start + 1 … end: their mean, doubled.
    for (let at = start; at < end; at++) ranks[order[at]!] = start + 1 + end;
    start = end;
  }
  return ranks;
}

/**
 * Distribution of the sum of a random subset of these integers: entry s is the share of subsets with sum s.
 * With `size`, of subsets of that size; without, of all subsets.
 *
 * Dynamic programming counts all 2ⁿ or C(n, size) subsets without visiting them (Streitberg and Röhmel,
 * *Exact Distributions for Permutation and Rank Tests*, 1986).
 */
export function sumDistribution(numbers: readonly number[], size?: number): Float64Array {
  const most = numbers.reduce((sum, one) => sum + one, 0);
  // counts[k][s]: subsets of k numbers with sum s; k stays 0 if the size does not matter.
  const counts = Array.from({ length: (size ?? 0) + 1 }, () => new Float64Array(most + 1));
  counts[0]![0] = 1;
  let [taken, reached] = [0, 0];
  for (const number of numbers) {
    taken++;
    reached += number;
    const step = size === undefined ? 0 : 1;
    // In descending order, so that no number is counted twice.
    for (let k = Math.min(counts.length - 1, taken); k >= step; k--) {
      const [to, from] = [counts[k]!, counts[k - step]!];
      for (let sum = reached; sum >= number; sum--) to[sum]! += from[sum - number]!;
    }
  }
  const subsets = counts.at(-1)!;
  const all = subsets.reduce((sum, count) => sum + count, 0);
  return subsets.map((count) => count / all);
}

/** Probability of a sum at least as far from the mean as `sum`, on both sides. */
export function asExtreme(distribution: Float64Array, sum: number): number {
  const mean = distribution.reduce((total, share, at) => total + share * at, 0);
  // Sums are integers, means may be inexact: allow for rounding.
  const distance = Math.abs(sum - mean) - 1e-6;
  return distribution.reduce(
    (total, share, at) => Math.abs(at - mean) >= distance ? total + share : total,
    0,
  );
}

/**
 * The number of smallest sums with a total probability of at most `tail`. The interval that inverts the
 * test is between the values of this rank from either end; 0: there is none.
 */
export function depthOf(distribution: Float64Array, tail: number): number {
  let depth = 0;
  for (let below = distribution[0]!; below <= tail; below += distribution[depth]!) depth++;
  return depth;
}
