import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { mulberry32 } from "../../servers/random.ts";
import { draws, normal } from "./testing_noise.ts";
import { mannWhitneyP, smallestUnpairedP, unpairedShift } from "./unpaired.ts";

/** Permeability of membranes at term and earlier: Hollander and Wolfe, table 4.1. */
const atTerm = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const earlier = [1.15, 0.88, 0.90, 0.74, 1.21];

/** Integers, so that ties are common. */
const sample = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 6 });

/** U by its definition: pairs in which b is above a, ties for a half. */
function countedU(a: readonly number[], b: readonly number[]): number {
  return b.flatMap((one) => a.map((other) => one > other ? 1 : one === other ? 0.5 : 0))
    .reduce<number>((sum, one) => sum + one, 0);
}

/** The permutation test: of all ways to choose which values are b's, those with U as far from its mean. */
function permutationP(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const distance = (a: number[], b: number[]) => Math.abs(countedU(a, b) - a.length * b.length / 2);
  const observed = distance([...a], [...b]);
  let [ways, extreme] = [0, 0];
  for (let chosen = 0; chosen < 2 ** all.length; chosen++) {
    const mine = all.filter((_, index) => chosen >> index & 1);
    if (mine.length !== b.length) continue;
    ways++;
    if (distance(all.filter((_, index) => !(chosen >> index & 1)), mine) >= observed) extreme++;
  }
  return extreme / ways;
}

Deno.test("mannWhitneyP() is that of the permutation test, ties included", () => {
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      assertAlmostEquals(mannWhitneyP(a, b), permutationP(a, b), 1e-9);
    }),
    { numRuns: 60 },
  );
});

Deno.test("mannWhitneyP() has the critical values of the published tables", () => {
  // Of samples as large as each other: the largest U that is significant at 5 %, two-sided.
  for (const [n, critical] of [[4, 0], [5, 2], [7, 8], [10, 23]] as const) {
    assert(mannWhitneyP(...withU(n, critical)) <= 0.05);
    assert(mannWhitneyP(...withU(n, critical + 1)) > 0.05);
  }
});

/** Two samples of n without ties whose U is as given. */
function withU(n: number, u: number): [number[], number[]] {
  const a = draws(n, () => 0).map((_, index) => 10 * (index + 1));
  let left = u;
  const b = a.map((_, index) => {
    const above = Math.min(n, left);
    left -= above;
    return 10 * above + 1 + index / 100;
  });
  assertEquals(countedU(a, b), u);
  return [a, b];
}

Deno.test("unpairedShift() gives the textbook's example", () => {
  const { estimate, p } = unpairedShift(earlier, atTerm);
  assertAlmostEquals(p, 0.2544, 1e-4);
  assertAlmostEquals(estimate, 0.305, 1e-9);
});

Deno.test("unpairedShift() excludes 0 when, and only when, p is at most 5 %", () => {
  const distinct = fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), {
    minLength: 8,
    maxLength: 16,
  });
  fc.assert(fc.property(distinct, fc.integer({ min: 0, max: 500_000 }), (values, by) => {
    const half = values.length >> 1;
    const b = values.slice(half).map((value) => value + by + 0.5);
    const { p, interval: { low, high } } = unpairedShift(values.slice(0, half), b);
    assertEquals(low > 0 || high < 0, p <= 0.05, `${p}: ${low}…${high}`);
  }));
});

Deno.test("unpairedShift() turns round when the samples change places", () => {
  fc.assert(fc.property(sample, sample, (a, b) => {
    const [there, back] = [unpairedShift(a, b), unpairedShift(b, a)];
    assertAlmostEquals(there.p, back.p, 1e-12);
    assertEquals([there.estimate + back.estimate, there.interval.low + back.interval.high], [0, 0]);
  }));
});

Deno.test("unpairedShift() of 3 and 3 values can show nothing, and gives the range", () => {
  const { interval, p, smallestP } = unpairedShift([1, 2, 3], [11, 12, 14]);
  assertEquals([interval.low, interval.high, interval.kind], [8, 13, "range"]);
  assertAlmostEquals(p, 0.1, 1e-12);
  assertAlmostEquals(smallestP, 0.1, 1e-12);
  assertAlmostEquals(smallestUnpairedP(4, 4), 2 / 70, 1e-12);
});

Deno.test("unpairedShift() sees no difference among equals, and refuses an empty sample", () => {
  assertEquals(unpairedShift([5, 5, 5, 5], [5, 5, 5, 5]).p, 1);
  assertEquals(mannWhitneyP(draws(40, () => 5), draws(40, () => 5)), 1);
  assertThrows(() => unpairedShift([], [1]), RangeError);
});

Deno.test("unpairedShift() goes on into the normal approximation without a step", () => {
  const random = mulberry32(6);
  for (const shift of [0, 0.4, 0.8]) {
    // Rounded, so that there are ties.
    const draw = (by: number) => () => Math.round(8 * (normal(random) + by)) / 8;
    const [a, b] = [draws(30, draw(0)), draws(31, draw(shift))];
    const [exact, normally] = [unpairedShift(a, b.slice(1)), unpairedShift(a, b)];
    assert(Math.abs(Math.log(normally.p / exact.p)) < 0.7, `${exact.p} ${normally.p}`);
    const width = ({ interval: { low, high } }: typeof exact) => high - low;
    assert(Math.abs(width(normally) / width(exact) - 1) < 0.2);
  }
});
