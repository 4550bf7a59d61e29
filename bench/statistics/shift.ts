/**
 * By how much one thing exceeds another, as a rank test sees it.
 *
 * @module
 */
import { type Interval, median } from "./median.ts";

/** An estimated difference, in the unit of the differences it was made from. */
export interface Shift {
  readonly estimate: number;
  readonly interval: Interval;
  /**
   * Two-sided p-value of no difference at all: how often chance alone puts the ranks at least as far
   * apart.
   */
  readonly p: number;
  /** The smallest p that so many values can have, however far apart they are. */
  readonly smallestP: number;
}

/**
 * The estimate and the interval that belong to a rank test: the median of what the test counts, and the
 * values of rank `depth` from either end of it, beyond which the test would call a difference. So
 * p-value and interval say the same. J. L. Hodges and E. L. Lehmann, *Estimates of Location Based on
 * Rank Tests*, Annals of Mathematical Statistics 34, 1963.
 *
 * @param depth 0: too few values for an interval; the range is given.
 * @param missed Probability that so deep an interval misses the truth.
 */
export function invert(
  counted: readonly number[],
  depth: number,
  missed: number,
): Pick<Shift, "estimate" | "interval"> {
  const sorted = counted.toSorted((a, b) => a - b);
  const rank = Math.max(1, depth);
  return {
    estimate: median(sorted),
    interval: {
      low: sorted[rank - 1]!,
      high: sorted[sorted.length - rank]!,
      kind: depth === 0 ? "range" : "interval",
      coverage: 1 - missed,
    },
  };
}
