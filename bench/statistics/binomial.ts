/**
 * The binomial distribution.
 *
 * @module
 */
import { logChoose } from "./special.ts";

/**
 * The quantile of the binomial distribution: the smallest number of successes that is exceeded with a
 * probability of at most 1 − `probability`.
 *
 * @param chance Probability of success in each trial, above 0 and below 1.
 *
 * @example The number of false positives to expect at most in 200 tests at 5 %
 * ```ts
 * import { binomialQuantile } from "./binomial.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(binomialQuantile(200, 0.05, 0.98), 17);
 * ```
 */
export function binomialQuantile(trials: number, chance: number, probability: number): number {
  let below = 0;
  for (let count = 0; count < trials; count++) {
    below += Math.exp(
      logChoose(trials, count) + count * Math.log(chance) +
        (trials - count) * Math.log1p(-chance),
    );
    if (below >= probability) return count;
  }
  return trials;
}
