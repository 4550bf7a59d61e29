/**
 * The statistics of a run: the middle of some rounds, how far to trust it, and which rounds are odd.
 *
 * A round's CPU time is skewed and now and then far off (another process had the processor), and there
 * are few rounds. So nothing here assumes a distribution: order statistics only.
 *
 * @module
 */
import { bootstrapMedian, expandedTail } from "./bootstrap.ts";

/** Where the median lies. */
export interface Interval {
  /** In the unit of the values. */
  readonly low: number;
  /** In the unit of the values. */
  readonly high: number;
  /** A confidence interval, or merely the range of what was seen. */
  readonly kind: "interval" | "range";
  /** Probability of such an interval to cover the truth, 0 to 1: exact for a range, else nominal. */
  readonly coverage: number;
}

/** Nominal coverage of what is called an interval. */
const CONFIDENCE = 0.95;

/**
 * Fewest values that have a 95 % interval: even the range of 5 values covers the median with a
 * probability of 1 − 2/2⁵ = 0.9375 only.
 */
export const FEWEST_FOR_INTERVAL = 6;

/** Makes a median absolute deviation that of a normal distribution's standard deviation: 1 ÷ Φ⁻¹(¾). */
export const MAD_TO_SIGMA = 1.4826022185056018;

/**
 * The middle value, or the mean of the two middle values.
 *
 * @throws {RangeError} if there are no values
 *
 * @example
 * ```ts
 * import { median } from "./median.ts";
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
 * Median absolute deviation, not scaled: half of the values are no farther than this from the median.
 * In the unit of the values.
 *
 * F. R. Hampel, *The Influence Curve and its Role in Robust Estimation*, JASA 69, 1974.
 *
 * @throws {RangeError} if there are no values
 *
 * @example
 * ```ts
 * import { mad } from "./median.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(mad([1, 2, 3, 4, 100]), 1);
 * ```
 */
export function mad(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/**
 * 95 % interval for the median by the bootstrap, and the range below 6 values, where there is none.
 *
 * The bootstrap (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, § 13.3) takes the
 * medians of samples drawn with replacement from the values, and of those the middle 95 %. For 7 values
 * that covers the true median 87.5 times in 100. So its percentiles are expanded for small samples
 * (Hesterberg, *What Teachers Should Know About the Bootstrap*, The American Statistician 69, 2015,
 * § 4.2), and where the steps between so few values would still leave it short, it reaches as far as the
 * order statistics that cover 95 % whatever the distribution (David and Nagaraja, *Order Statistics*,
 * § 7.1). It then covers 98.4 times in 100 for 7 values, where it is the whole range, 96 for 10, and 94.7
 * or more for every number (6 to 40) and shape of noise that was tried: normal, log-normal, exponential,
 * uniform, Cauchy, contaminated, with two humps. For 7 values percentile, basic, BCa, studentized and
 * smoothed bootstraps all fell below 92 in some of them, down to 12 for the basic one.
 *
 * Nothing is drawn at random: the distribution of the medians is computed, so that a record gives the
 * same interval whatever the seed.
 *
 * @throws {RangeError} if there are no values
 *
 * @example
 * ```ts
 * import { interval } from "./median.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { low, high, kind } = interval([9, 1, 8, 2, 7, 3, 6, 4, 5]);
 * assertEquals([low, high, kind], [2, 8, "interval"]);
 * ```
 */
export function interval(values: readonly number[]): Interval {
  const sorted = ascending(values);
  const n = sorted.length;
  if (n < FEWEST_FOR_INTERVAL) {
    // A value is below the median as often as above it: all of them are on one side with 2 ÷ 2ⁿ.
    return { low: sorted[0]!, high: sorted.at(-1)!, kind: "range", coverage: 1 - 2 ** (1 - n) };
  }
  const [low, high] = bootstrapMedian(sorted, expandedTail(n, 1 - CONFIDENCE));
  return {
    low: Math.min(low, orderStatistic(sorted)),
    high: Math.max(high, orderStatistic(sorted.toReversed())),
    kind: "interval",
    coverage: CONFIDENCE,
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

/**
 * The value up to which an interval has to reach on the side that `sorted` starts with: it and its
 * counterpart enclose the median with 95 %, as the number of values below the median is binomial. The
 * median of an even number of values lies between two, and so does this.
 */
function orderStatistic(sorted: readonly number[]): number {
  const n = sorted.length;
  // In logarithms: 2⁻ⁿ by itself is 0 for doubles from n = 1075 on.
  let [depth, logShare] = [0, -n * Math.LN2];
  for (let below = Math.exp(logShare); 2 * below <= 1 - CONFIDENCE; below += Math.exp(logShare)) {
    depth++;
    logShare += Math.log((n - depth + 1) / depth);
  }
  return n % 2 === 1 ? sorted[depth - 1]! : (sorted[depth - 1]! + sorted[depth]!) / 2;
}

function ascending(values: readonly number[]): number[] {
  if (values.length === 0) {
    throw new RangeError("Cannot summarize values as there are none: current length is 0");
  }
  return values.toSorted((a, b) => a - b);
}
