import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { mad } from "./median.ts";
import { outliers } from "./outliers.ts";

const calm = [10, 11, 12, 13, 14, 15, 16];

Deno.test("outliers() flags what is more than 3.5 scaled MADs off, on either side", () => {
  assertEquals(outliers(calm), []);
  const found = outliers([...calm, 40, -20]);
  assertEquals(found.map(({ index, value }) => [index, value]), [[7, 40], [8, -20]]);
  // The median is 13 and the MAD 2, which is a standard deviation of 2.965.
  assertAlmostEquals(found[0]!.score, 27 / (2 * 1.4826), 1e-3);
  assertAlmostEquals(found[1]!.score, -33 / (2 * 1.4826), 1e-3);
});

Deno.test("outliers() are found where most values are the same", () => {
  assertEquals(mad([7, 7, 7, 7, 7, 7, 7, 7, 20]), 0);
  assertEquals(outliers([7, 7, 7, 7, 7, 7, 7, 7, 20]).map(({ value }) => value), [20]);
  assertEquals(outliers([7, 7, 7, 7, 7, 7]), []);
});

Deno.test("outliers() does not judge fewer than 6 values", () => {
  assertEquals(outliers([10, 11, 12, 11, 1000]), []);
  assertEquals(outliers([10, 11, 12, 11, 10, 1000]).length, 1);
});

Deno.test("outliers() are fewer than half, whatever the values", () => {
  fc.assert(fc.property(fc.array(fc.integer(), { maxLength: 40 }), (given) => {
    assert(outliers(given).length <= given.length / 2);
  }));
});
