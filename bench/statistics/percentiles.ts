/**
 * Which percentiles a number of values has.
 *
 * @module
 */

/** Values beyond a percentile, at least: with fewer, one more or less moves it far. */
export const BEYOND = 10;

/** Whether so many values have that percentile: p99 takes 1000 of them, p99.9 10,000. The maximum, 100, always. */
export function isKnown(percentile: number, values: number): boolean {
  // 100 - 99.9 is a little less than 0.1 in binary.
  return percentile === 100 || values * (100 - percentile) >= 100 * BEYOND * (1 - 1e-9);
}
