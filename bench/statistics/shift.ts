/**
 * Estimates of a shift by rank tests.
 *
 * @module
 */
import type { Interval } from "./median.ts";
import type { PairSums } from "./pair_sums.ts";

/** An estimated shift, in the unit of the differences. */
export interface Shift {
  readonly estimate: number;
  readonly interval: Interval;
  /**
   * Two-sided p-value of no difference: the probability that the ranks are at least as far apart by
   * chance.
   */
  readonly p: number;
  /** The smallest p possible with this number of values. */
  readonly smallestP: number;
}

/**
 * The estimate and the interval of a rank test: the median of the sums the test counts, and the sums of
 * rank `depth` from either end, beyond which the test would report a difference. So p-value and interval
 * agree. J. L. Hodges and E. L. Lehmann, *Estimates of Location Based on
 * Rank Tests*, Annals of Mathematical Statistics 34, 1963.
 *
 * @param depth 0: too few values for an interval; the result is the range.
 * @param missed Probability that an interval of this depth misses.
 */
export function invert(
  counted: PairSums,
  depth: number,
  missed: number,
): Pick<Shift, "estimate" | "interval"> {
  const rank = Math.max(1, depth);
  return {
    estimate: counted.median,
    interval: {
      low: counted.at(rank),
      high: counted.at(counted.count + 1 - rank),
      kind: depth === 0 ? "range" : "interval",
      coverage: 1 - missed,
    },
  };
}
