import { assertEquals, assertThrows } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { median } from "./median.ts";
import { PairSums } from "./pair_sums.ts";

const values = fc.array(
  fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e3, max: 1e3, noNaN: true })),
  { minLength: 1, maxLength: 9 },
);

/** Asserts that ranks and median are those of the list. */
function assertSums(sums: PairSums, list: readonly number[]): void {
  const sorted = list.toSorted((a, b) => a - b);
  assertEquals(sorted.map((_, index) => sums.at(index + 1) + 0), sorted.map((one) => one + 0));
  assertEquals(sums.median + 0, median(sorted) + 0);
  assertEquals(sums.count, list.length);
  for (const rank of [0, list.length + 1]) assertThrows(() => sums.at(rank), RangeError);
}

Deno.test("PairSums have the order of a list of all sums of two lists", () => {
  fc.assert(fc.property(values, values, (xs, ys) => {
    assertSums(new PairSums(xs, ys), xs.flatMap((x) => ys.map((y) => x + y)));
  }));
});

Deno.test("PairSums of one list have each pair once, and each value with itself", () => {
  fc.assert(fc.property(values, (xs) => {
    assertSums(new PairSums(xs), xs.flatMap((x, i) => xs.slice(i).map((y) => x + y)));
  }));
});
