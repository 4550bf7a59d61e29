/**
 * The special functions that p-values need, so that no library is needed at run time.
 *
 * @module
 */

/** Limit of the terms of a series; about 40 are enough for the values used here. */
const MOST_TERMS = 10_000;
const PRECISION = 1e-15;
/** Replaces 0 in a denominator. */
const TINY = 1e-300;

/** Coefficients of Lanczos' approximation for g = 7, n = 9: accurate to 15 digits (P. Godfrey, 2001). */
const LANCZOS = [
  0.99999999999980993,
  676.5203681218851,
  -1259.1392167224028,
  771.32342877765313,
  -176.61502916214059,
  12.507343278686905,
  -0.13857109526572012,
  9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

/**
 * Natural logarithm of the gamma function of a positive number; Γ(n) = (n − 1)! for an integer.
 *
 * C. Lanczos, *A Precision Approximation of the Gamma Function*, SIAM J. Numer. Anal. B 1, 1964.
 *
 * @example
 * ```ts
 * import { logGamma } from "./special.ts";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(Math.exp(logGamma(6)), 120);
 * ```
 */
export function logGamma(x: number): number {
  // Reflection: the approximation is for x ≥ ½.
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const series = LANCZOS.reduce((sum, c, k) => k === 0 ? c : sum + c / (z + k), 0);
  const base = z + LANCZOS.length - 1.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(series);
}

/** Natural logarithm of the binomial coefficient: the ways to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/**
 * Probability that a chi-square variable exceeds a value: the regularized
 * upper incomplete gamma function Q(degrees ÷ 2, value ÷ 2).
 *
 * Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.4.19, by the series 6.5.29 and the
 * continued fraction 6.5.31, whichever converges faster (*Numerical Recipes*, 3rd ed., § 6.2).
 *
 * @example
 * ```ts
 * import { chiSquareSurvival } from "./special.ts";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * assertAlmostEquals(chiSquareSurvival(23.685, 14), 0.05, 1e-5);
 * ```
 */
export function chiSquareSurvival(value: number, degrees: number): number {
  if (!(value > 0)) return 1;
  if (value === Infinity) return 0;
  const [a, x] = [degrees / 2, value / 2];
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  return x < a + 1 ? Math.max(0, 1 - scale * lowerSeries(a, x)) : scale * upperFraction(a, x);
}

/** Probability that a standard normal variable is farther from 0 than `z`, on both sides. */
export function normalTwoSided(z: number): number {
  return chiSquareSurvival(z * z, 1);
}

/**
 * The inverse of `normalTwoSided`: 1.96 for 0.05. By bisection, which is fast enough for a few calls.
 */
export function normalBound(probability: number): number {
  let [low, high] = [0, 40];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (normalTwoSided(middle) > probability) low = middle;
    else high = middle;
  }
  return high;
}

function lowerSeries(a: number, x: number): number {
  let [term, sum] = [1 / a, 1 / a];
  for (let k = 1; k < MOST_TERMS && term > sum * PRECISION; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return sum;
}

/** The continued fraction by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let k = 1; k < MOST_TERMS; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (nonZero(numerator * d + b));
    c = nonZero(b + numerator / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return fraction;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
