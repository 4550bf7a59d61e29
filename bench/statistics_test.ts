import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { evenness, interval, median } from "./statistics.ts";

const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 });
const values = fc.array(value, { minLength: 1, maxLength: 60 });

/** 1, 2, … n: the value of each is its rank. */
function ranks(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}

/** Coverage of ranks low…high, by counting every way n values can fall below or above the median. */
function countedCoverage(low: number, high: number, n: number): number {
  let covered = 0;
  for (let pattern = 0; pattern < 2 ** n; pattern++) {
    const below = pattern.toString(2).replaceAll("0", "").length;
    if (below >= low && below < high) covered++;
  }
  return covered / 2 ** n;
}

function assertClose(actual: number, expected: number) {
  assert(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);
}

Deno.test("median() is the middle value, or the mean of the two in the middle", () => {
  assertEquals(median([5]), 5);
  assertEquals(median([10, 9, 1]), 9);
  assertEquals(median([4, -1, 2, 100]), 3);
});

Deno.test("median() sorts numbers, not their spelling, and leaves its argument alone", () => {
  const given = [100, 20, 3];
  assertEquals(median(given), 20);
  assertEquals(given, [100, 20, 3]);
});

Deno.test("median() has as many values on either side", () => {
  fc.assert(fc.property(values, (given) => {
    const middle = median(given);
    const half = given.length / 2;
    assert(given.filter((one) => one < middle).length <= half);
    assert(given.filter((one) => one > middle).length <= half);
  }));
});

Deno.test("median(), interval() and evenness() refuse to speak of nothing", () => {
  assertThrows(() => median([]), RangeError);
  assertThrows(() => interval([]), RangeError);
  assertThrows(() => evenness([]), RangeError);
});

Deno.test("interval() gives the ranks of the published tables", () => {
  const known: [n: number, low: number, high: number][] = [
    [6, 1, 6],
    [7, 1, 7],
    [8, 1, 8],
    [9, 2, 8],
    [11, 2, 10],
    [12, 3, 10],
    [20, 6, 15],
    [25, 8, 18],
  ];
  for (const [n, low, high] of known) {
    const found = interval(ranks(n));
    assertEquals([found.low, found.high, found.kind], [low, high, "interval"], `n = ${n}`);
  }
  assertClose(interval(ranks(6)).coverage, 0.96875);
});

Deno.test("interval() says range below 6 values, and how little a range covers", () => {
  for (let n = 1; n < 6; n++) {
    const found = interval(ranks(n));
    assertEquals([found.low, found.high, found.kind], [1, n, "range"]);
    assertClose(found.coverage, 1 - 2 / 2 ** n);
  }
});

Deno.test("interval() has the coverage it claims, at least 0.95, and none is narrower", () => {
  for (let n = 6; n <= 14; n++) {
    const { low, high, coverage } = interval(ranks(n));
    assertEquals(low + high, n + 1);
    assertClose(coverage, countedCoverage(low, high, n));
    assert(coverage >= 0.95);
    assert(countedCoverage(low + 1, high - 1, n) < 0.95);
  }
});

Deno.test("interval() holds for thousands of values", () => {
  const { low, high, coverage } = interval(ranks(5000));
  // Normal approximation: n/2 ± 1.96·√n/2.
  assert(Math.abs(low - 2431) <= 2 && Math.abs(high - 2570) <= 2, `${low}…${high}`);
  assert(coverage >= 0.95 && coverage < 0.96);
});

Deno.test("interval() is made of the values, encloses the median, and knows no order", () => {
  fc.assert(fc.property(values, (given) => {
    const { low, high } = interval(given);
    assert(given.includes(low) && given.includes(high));
    assert(low <= median(given) && median(given) <= high);
    assertEquals(interval(given.toReversed()), interval(given));
  }));
});

Deno.test("evenness() is the largest over the smallest", () => {
  assertEquals(evenness([300, 450, 330]), 1.5);
  assertEquals(evenness([7]), 1);
});

Deno.test("evenness() is infinite where a child had nothing", () => {
  assertEquals(evenness([5, 0]), Infinity);
  assertEquals(evenness([0, 0]), Infinity);
});
