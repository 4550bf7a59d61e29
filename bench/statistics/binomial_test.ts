import { assertEquals } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import * as simple from "simple-statistics";
import { binomialQuantile } from "./binomial.ts";

Deno.test("binomialQuantile() tells how many of 200 tests at 5 % go wrong by chance", () => {
  // R: qbinom(c(0.02, 0.5, 0.98), 200, 0.05)
  assertEquals([0.02, 0.5, 0.98].map((p) => binomialQuantile(200, 0.05, p)), [4, 10, 17]);
});

Deno.test("binomialQuantile() agrees with the distribution of simple-statistics", () => {
  const probabilities = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), probabilities, probabilities, (n, chance, p) => {
      const shares = simple.binomialDistribution(n, chance)!;
      const found = binomialQuantile(n, chance, p);
      const upTo = (count: number) => shares.slice(0, count).reduce((sum, one) => sum + one, 0);
      // A sum of hundreds of shares is right to some 12 digits.
      return upTo(found) < p + 1e-9 && upTo(found + 1) > p - 1e-9;
    }),
  );
});

Deno.test("binomialQuantile() of no trials is none", () => {
  assertEquals(binomialQuantile(0, 0.05, 0.98), 0);
});
