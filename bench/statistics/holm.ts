/**
 * Correction for multiple comparisons.
 *
 * @module
 */

/**
 * Holm's correction, in the given order. Comparing the corrected p-values with 0.05 keeps the probability
 * of any false positive among them at most 5 %.
 *
 * S. Holm, *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian Journal of Statistics
 * 6, 1979.
 *
 * @example
 * ```ts
 * import { holm } from "./holm.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(holm([0.25, 0.125, 0.5]), [0.5, 0.375, 0.5]);
 * ```
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).toSorted((a, b) => pValues[a]! - pValues[b]!);
  const corrected = new Array<number>(pValues.length);
  let least = 0;
  order.forEach((index, rank) => {
    least = Math.min(1, Math.max(least, pValues[index]! * (pValues.length - rank)));
    corrected[index] = least;
  });
  return corrected;
}
