/**
 * The statistics of a run: the middle of some rounds, and how far to trust it.
 *
 * A round's CPU time is skewed and now and then far off (another process had the processor), and there
 * are few rounds. So nothing here assumes a distribution: order statistics only.
 *
 * @module
 */

/** Where the median lies. */
export interface Interval {
  /** In the unit of the values. */
  readonly low: number;
  /** In the unit of the values. */
  readonly high: number;
  /** A confidence interval for the median, or merely the range of what was seen. */
  readonly kind: "interval" | "range";
  /** Probability that such an interval covers the true median, from 0 to 1. */
  readonly coverage: number;
}

/** Least coverage of what is called an interval. */
export const CONFIDENCE = 0.95;

/**
 * Fewest values that have a 95 % interval: even the range of 5 values covers the median with a
 * probability of 1 − 2/2⁵ = 0.9375 only.
 */
export const FEWEST_FOR_INTERVAL = 6;

/**
 * The middle value, or the mean of the two middle values.
 *
 * @throws {RangeError} if there are no values
 *
 * @example
 * ```ts
 * import { median } from "./statistics.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(median([3, 1, 2]), 2);
 * ```
 */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/**
 * Distribution-free interval for the median: the narrowest symmetric pair of order statistics that
 * covers it with a probability of at least 0.95, and the range below 6 values, where there is none.
 *
 * How many of n values fall below the median is binomial (n, ½); so the k-th smallest and the k-th
 * largest cover it with probability 1 − 2·P(fewer than k below). See Conover, *Practical Nonparametric
 * Statistics*, § 3.2; David and Nagaraja, *Order Statistics*, § 7.1.
 *
 * @throws {RangeError} if there are no values
 *
 * @example
 * ```ts
 * import { interval } from "./statistics.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { low, high, kind } = interval([9, 1, 8, 2, 7, 3, 6, 4, 5]);
 * assertEquals([low, high, kind], [2, 8, "interval"]);
 * ```
 */
export function interval(values: readonly number[]): Interval {
  const sorted = ascending(values);
  const n = sorted.length;
  let depth = 1;
  while (2 * (depth + 1) <= n && coverageAt(depth + 1, n) >= CONFIDENCE) depth++;
  return {
    low: sorted[depth - 1]!,
    high: sorted[n - depth]!,
    kind: n < FEWEST_FOR_INTERVAL ? "range" : "interval",
    coverage: coverageAt(depth, n),
  };
}

/**
 * How evenly something was shared out: the largest count divided by the smallest. 1 is even; Infinity
 * where one had nothing.
 *
 * @throws {RangeError} if there are no counts
 */
export function evenness(counts: readonly number[]): number {
  const sorted = ascending(counts);
  const least = sorted[0]!;
  return least === 0 ? Infinity : sorted.at(-1)! / least;
}

/** Probability that the `depth`-th smallest and `depth`-th largest of `n` values enclose the median. */
function coverageAt(depth: number, n: number): number {
  // In logarithms: 2⁻ⁿ by itself is 0 for doubles from n = 1075 on.
  let logProbability = -n * Math.LN2;
  let below = 0;
  for (let k = 0; k < depth; k++) {
    below += Math.exp(logProbability);
    logProbability += Math.log((n - k) / (k + 1));
  }
  return 1 - 2 * below;
}

function ascending(values: readonly number[]): number[] {
  if (values.length === 0) {
    throw new RangeError("Cannot summarize values as there are none: current length is 0");
  }
  return values.toSorted((a, b) => a - b);
}
