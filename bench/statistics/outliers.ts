/**
 * Outliers.
 *
 * @module
 */
import { FEWEST_FOR_INTERVAL, mad, MAD_TO_SIGMA, median } from "./median.ts";

/** A flagged value. It is never dropped: the reason may be the design itself. */
export interface Outlier {
  /** Its index among the values. */
  readonly index: number;
  readonly value: number;
  /** Distance from the median in scaled MADs; negative below it. */
  readonly score: number;
}

/** Score above which a value is flagged, as recommended by Iglewicz and Hoaglin. */
export const OUTLYING = 3.5;

/** Scales a mean absolute deviation to the standard deviation of a normal distribution: √(π ÷ 2). */
const MEAN_DEVIATION_TO_SIGMA = Math.sqrt(Math.PI / 2);

/**
 * Values more than 3.5 scaled median absolute deviations from the median (B. Iglewicz and D. C. Hoaglin,
 * *How to Detect and Handle Outliers*, 1993, § 3.3). If more than half of the values are equal, the
 * MAD is 0 and the mean absolute deviation is used instead. Fewer than 6 values are never flagged, since
 * they are too few to estimate their noise. In normal noise one of 7 values is flagged in about 17 % of
 * samples, one of 10 in 12 %, so a flag alone proves nothing.
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
