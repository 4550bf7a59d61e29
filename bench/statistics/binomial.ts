/**
 * How often something of a known chance happens.
 *
 * @module
 */
import { logChoose } from "./special.ts";

/**
 * The smallest number that is exceeded with a probability of no more than 1 − `probability`, of so many
 * trials that each succeed with a chance between 0 and 1 (the quantile of the binomial distribution).
 *
 * @example Of 200 tests at 5 %, how many call a difference where there is none?
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
