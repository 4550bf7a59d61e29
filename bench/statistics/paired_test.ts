import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { median } from "./median.ts";
import { mulberry32 } from "../../servers/random.ts";
import { draws, normal } from "./testing_noise.ts";
import { pairedShift, signedRankP, smallestPairedP } from "./paired.ts";

/** Depression scales of nine patients, before and after a therapy: Hollander and Wolfe, table 3.1. */
const before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
const therapy = before.map((score, index) => after[index]! - score);

/** Integers, so that ties and zeros are common. */
const differences = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 9 });

/**
 * The permutation test: the share of all 2ⁿ choices of signs for which the sum of signed ranks is as far
 * from 0. A rank is counted, half for a tie, and not sorted for.
 */
function permutationP(differences: readonly number[]): number {
  const sizes = differences.map(Math.abs);
  const rank = (size: number) =>
    sizes.filter((other) => other < size).length +
    (sizes.filter((other) => other === size).length + 1) / 2;
  const scores = differences.map((one) => Math.sign(one) * rank(Math.abs(one)));
  const observed = Math.abs(scores.reduce((sum, score) => sum + score, 0));
  let extreme = 0;
  for (let signs = 0; signs < 2 ** scores.length; signs++) {
    const sum = scores.reduce((sum, score, at) => sum + (signs >> at & 1 ? score : -score), 0);
    if (Math.abs(sum) >= observed) extreme++;
  }
  return extreme / 2 ** scores.length;
}

Deno.test("signedRankP() is that of the permutation test, ties and zeros included", () => {
  fc.assert(fc.property(differences, (given) => {
    assertAlmostEquals(signedRankP(given), permutationP(given), 1e-12);
  }));
});

Deno.test("signedRankP() has the critical values of the published tables", () => {
  const printed: [n: number, sum: number, p: number][] = [[6, 0, 0.03125], [7, 2, 0.046875], [
    10,
    8,
    0.048828125,
  ]];
  for (const [n, sum, p] of printed) {
    // All positive but the one whose rank is the sum.
    const given = Array.from({ length: n }, (_, index) => index + 1 === sum ? -sum : index + 1);
    assertAlmostEquals(signedRankP(given), p, 1e-12);
  }
});

Deno.test("pairedShift() gives the textbook's example", () => {
  const { estimate, interval: { low, high, coverage }, p } = pairedShift(therapy);
  assertAlmostEquals(p, 0.0390625, 1e-12);
  assertAlmostEquals(estimate, -0.46, 1e-9);
  assertAlmostEquals(low, -0.786, 1e-9);
  assertAlmostEquals(high, -0.010, 1e-9);
  assertAlmostEquals(coverage, 0.961, 1e-3);
});

Deno.test("pairedShift() excludes 0 when, and only when, p is at most 5 %", () => {
  const distinct = fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), {
    minLength: 6,
    maxLength: 15,
  });
  const signs = fc.array(fc.boolean(), { minLength: 15, maxLength: 15 });
  fc.assert(fc.property(distinct, signs, (sizes, signs) => {
    const { p, interval: { low, high } } = pairedShift(
      sizes.map((size, index) => signs[index] ? size : -size),
    );
    assertEquals(low > 0 || high < 0, p <= 0.05, `${p}: ${low}…${high}`);
  }));
});

Deno.test("pairedShift() turns round with its sign, and moves with its values", () => {
  fc.assert(fc.property(differences, fc.integer({ min: -9, max: 9 }), (given, by) => {
    const { estimate, interval: { low, high }, p } = pairedShift(given);
    const turned = pairedShift(given.map((one) => -one));
    assertEquals([turned.interval.low + high, turned.interval.high + low], [0, 0]);
    assertEquals([turned.estimate + estimate, turned.p], [0, p]);
    const moved = pairedShift(given.map((one) => one + by));
    assertEquals([moved.estimate, moved.interval.low], [estimate + by, low + by]);
  }));
});

Deno.test("pairedShift() of fewer than 6 differences can show nothing, and gives the range", () => {
  const { interval, p, smallestP } = pairedShift([1, 2, 3, 4, 5]);
  assertEquals([interval.low, interval.high, interval.kind], [1, 5, "range"]);
  assertEquals([p, smallestP, interval.coverage], [0.0625, 0.0625, 0.9375]);
  assertEquals(pairedShift([3]).p, 1);
  assertEquals([smallestPairedP(1), smallestPairedP(6)], [1, 0.03125]);
});

Deno.test("pairedShift() sees no difference among equals, and refuses nothing at all", () => {
  assertEquals(pairedShift([0, 0, 0, 0, 0, 0, 0]).p, 1);
  assertThrows(() => pairedShift([]), RangeError);
});

Deno.test("pairedShift() goes on into the normal approximation without a step", () => {
  const random = mulberry32(5);
  for (const shift of [0, 0.2, 0.35]) {
    const given = draws(101, () => normal(random) + shift);
    const [exact, normally] = [pairedShift(given.slice(1)), pairedShift(given)];
    // One value more moves both a little; a wrong variance or correction would move p by far more.
    assert(Math.abs(Math.log(normally.p / exact.p)) < 0.5, `${exact.p} ${normally.p}`);
    const width = ({ interval: { low, high } }: typeof exact) => high - low;
    assert(Math.abs(width(normally) / width(exact) - 1) < 0.05);
    assert(Math.abs(median(given) - normally.estimate) < 0.3);
  }
});
