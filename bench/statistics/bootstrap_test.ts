import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { median } from "./median.ts";
import { bootstrapMedian, expandedTail } from "./bootstrap.ts";

/** The median of every one of the nⁿ samples that can be drawn with replacement, in order. */
function everyMedian(values: readonly number[]): number[] {
  const n = values.length;
  return Array.from({ length: n ** n }, (_, sample) => {
    const drawn = values.map((_, draw) => values[Math.floor(sample / n ** draw) % n]!);
    return median(drawn);
  }).sort((a, b) => a - b);
}

for (const n of [2, 3, 4, 5, 6]) {
  Deno.test(`bootstrapMedian() of ${n} values is what drawing every sample gives`, () => {
    // Unevenly spaced, so that no two pairs have the same mean.
    const values = [1, 2, 4, 9, 20, 50].slice(0, n);
    const medians = everyMedian(values);
    for (const tail of [0.001, 0.0033, 0.01, 0.025, 0.1, 0.26, 0.4]) {
      const skipped = Math.floor(tail * medians.length + 1e-9);
      const expected = [medians[skipped]!, medians[medians.length - 1 - skipped]!];
      assertEquals(bootstrapMedian(values, tail), expected, `${tail}`);
    }
  });
}

Deno.test("bootstrapMedian() takes the plain 95 % of 7 values to be the second and the sixth", () => {
  assertEquals(bootstrapMedian([1, 2, 3, 4, 5, 6, 7], 0.025), [2, 6]);
});

Deno.test("bootstrapMedian() moves and stretches with the values", () => {
  const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 25 })
    .map((values) => values.toSorted((a, b) => a - b));
  fc.assert(fc.property(values, fc.integer({ min: -1000, max: 1000 }), (values, by) => {
    const [low, high] = bootstrapMedian(values, 0.01);
    assertEquals(bootstrapMedian(values.map((value) => 2 * value + by), 0.01), [
      2 * low + by,
      2 * high + by,
    ]);
  }));
});

Deno.test("expandedTail() leaves out less than 2.5 % of few values, and that of many", () => {
  // By Student's quantiles as printed: 2.571, 2.447 and 2.262.
  assertAlmostEquals(expandedTail(6, 0.05), 0.0024, 1e-4);
  assertAlmostEquals(expandedTail(7, 0.05), 0.0041, 1e-4);
  assertAlmostEquals(expandedTail(10, 0.05), 0.0086, 1e-4);
  assertAlmostEquals(expandedTail(1e6, 0.05), 0.025, 1e-5);
});
