import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import { BOOK_DISTRIBUTIONS } from "../report/summary/book.ts";
import { mulberry32 } from "../../servers/random.ts";
import { draws } from "./testing_noise.ts";
import { uniformity } from "./uniformity.ts";

Deno.test("uniformity() is Pearson's chi-square", () => {
  // Expected 100 each: (10² + 10² + 0²) ÷ 100, of 2 degrees, where the tail is e^(−χ²/2).
  const found = uniformity([90, 110, 100])!;
  assertEquals([found.chiSquare, found.degrees], [2, 2]);
  assertAlmostEquals(found.p, Math.exp(-1), 1e-12);
});

Deno.test("uniformity() tells turns from chance from preference in the book's own figures", () => {
  const p = (row: number, of: string) =>
    uniformity(BOOK_DISTRIBUTIONS.find((one) => one.row === row && one.system === of)!.counts)!.p;
  assert(p(2, "BSD/OS") > 0.999);
  assert(p(7, "Solaris") > 0.05 && p(7, "Solaris") < 0.99);
  assert(p(5, "Solaris") < 1e-6);
});

Deno.test("uniformity() calls dealing at random uneven in 5 of 100 cases", () => {
  const random = mulberry32(8);
  const low = draws(1000, () => {
    const counts = draws(15, () => 0);
    for (let one = 0; one < 500; one++) counts[Math.floor(random() * 15)]!++;
    return uniformity(counts)!.p <= 0.05 ? 1 : 0;
  }).reduce<number>((sum, one) => sum + one, 0);
  assert(low > 25 && low < 80, `${low} of 1000`);
});

Deno.test("uniformity() tests nothing where there is nothing to test", () => {
  assertEquals([uniformity([]), uniformity([500]), uniformity([4, 5, 4])], [null, null, null]);
  assert(uniformity([5, 5, 5])!.p === 1);
});

Deno.test("uniformity() does not care which child is which", () => {
  const counts = fc.array(fc.integer({ min: 5, max: 900 }), { minLength: 2, maxLength: 30 });
  fc.assert(fc.property(counts, (given) => {
    assertAlmostEquals(uniformity(given)!.p, uniformity(given.toReversed())!.p, 1e-9);
  }));
});
