import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { holm } from "./holm.ts";

const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

Deno.test("holm() multiplies the smallest p the most, and never lets one overtake another", () => {
  holm([0.01, 0.04, 0.03, 0.005]).forEach((p, index) =>
    assertAlmostEquals(p, [0.03, 0.06, 0.06, 0.02][index]!)
  );
  assertEquals(holm([0.6, 0.7]), [1, 1]);
  assertEquals([holm([]), holm([0.2])], [[], [0.2]]);
});

Deno.test("holm() is no stricter than Bonferroni, and no laxer than no correction", () => {
  fc.assert(fc.property(pValues, (given) => {
    holm(given).forEach((p, index) => {
      assert(given[index]! <= p && p <= Math.min(1, given[index]! * given.length));
    });
  }));
});

Deno.test("holm() keeps the order of the p-values", () => {
  fc.assert(fc.property(pValues, (given) => {
    const corrected = holm(given);
    given.forEach((one, i) =>
      given.forEach((other, j) => assert(one > other || corrected[i]! <= corrected[j]!))
    );
  }));
});
