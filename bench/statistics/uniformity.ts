/**
 * Test of a uniform distribution.
 *
 * @module
 */
import { chiSquareSurvival } from "./special.ts";

/** Smallest expected count for the chi-square approximation (Cochran 1954). */
const LEAST_EXPECTED = 5;

/** The result of Pearson's test. */
export interface Uniformity {
  readonly chiSquare: number;
  readonly degrees: number;
  /**
   * Probability that a random assignment with equal chances is at least as uneven. Near 0: some children
   * get more. Near 1: more even than random, as when children take turns.
   */
  readonly p: number;
}

/**
 * Pearson's chi-square test of uniformity; null for a single child, and below 5 connections per child,
 * where the approximation does not hold.
 *
 * K. Pearson, *On the Criterion…*, Philosophical Magazine 50, 1900; W. G. Cochran, *Some Methods for
 * Strengthening the Common χ² Tests*, Biometrics 10, 1954.
 *
 * @example Children take turns in the prefork row of the book's Table 30.2 on BSD/OS
 * ```ts
 * import { uniformity } from "./uniformity.ts";
 * import { assert } from "@std/assert";
 *
 * const counts = [333, 340, 335, 335, 332, 331, 333, 333, 332, 331, 334, 333, 334, 332, 332];
 * assert(uniformity(counts)!.p > 0.999);
 * ```
 */
export function uniformity(counts: readonly number[]): Uniformity | null {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  if (counts.length < 2 || expected < LEAST_EXPECTED) return null;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const degrees = counts.length - 1;
  return { chiSquare, degrees, p: chiSquareSurvival(chiSquare, degrees) };
}
