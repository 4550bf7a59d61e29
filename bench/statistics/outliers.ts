/**
 * Values that do not look like the others.
 *
 * @module
 */
import { FEWEST_FOR_INTERVAL, mad, MAD_TO_SIGMA, median } from "./median.ts";

/** A value that is flagged. It is never dropped: the reason may be the design itself. */
export interface Outlier {
  /** Its index among the values. */
  readonly index: number;
  readonly value: number;
  /** How far from the median, in scaled MADs; negative below it. */
  readonly score: number;
}

/** Score beyond which a value is flagged, as Iglewicz and Hoaglin recommend. */
export const OUTLYING = 3.5;

/** Makes a mean absolute deviation that of a normal distribution's standard deviation: √(π ÷ 2). */
const MEAN_DEVIATION_TO_SIGMA = Math.sqrt(Math.PI / 2);

/**
 * Values more than 3.5 scaled median absolute deviations from the median (B. Iglewicz and D. C. Hoaglin,
 * *How to Detect and Handle Outliers*, 1993, § 3.3). Where more than half of the values are the same,
 * that deviation is 0, and the mean absolute deviation stands in. None of fewer than 6 values is
 * flagged: those tell nothing about their own noise. In normal noise one of 7 values is flagged in
 * some 17 of 100 samples, one of 10 in 12, so a flag alone proves nothing.
 *
 * @example
 * ```ts
 * import { outliers } from "./outliers.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(outliers([10, 11, 12, 10, 11, 12, 90]).map(({ index }) => index), [6]);
 * ```
 */
export function outliers(values: readonly number[]): Outlier[] {
  if (values.length < FEWEST_FOR_INTERVAL) return [];
  const middle = median(values);
  const sigma = mad(values) * MAD_TO_SIGMA || meanDeviation(values) * MEAN_DEVIATION_TO_SIGMA;
  if (sigma === 0) return [];
  return values
    .map((value, index) => ({ index, value, score: (value - middle) / sigma }))
    .filter(({ score }) => Math.abs(score) > OUTLYING);
}

function meanDeviation(values: readonly number[]): number {
  const middle = median(values);
  return values.reduce((sum, value) => sum + Math.abs(value - middle), 0) / values.length;
}
