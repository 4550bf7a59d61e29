import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "../../servers/testing/fast_check.ts";
import * as simple from "simple-statistics";
import { chiSquareSurvival, logChoose, logGamma, normalBound, normalTwoSided } from "./special.ts";

Deno.test("logGamma() is that of factorials and of halves", () => {
  for (let n = 1, factorial = 1; n <= 20; factorial *= n++) {
    assertAlmostEquals(logGamma(n), Math.log(factorial), 1e-12);
  }
  assertAlmostEquals(Math.exp(2 * logGamma(0.5)), Math.PI, 1e-12);
  assertAlmostEquals(Math.exp(logGamma(3.5)), 15 / 8 * Math.sqrt(Math.PI), 1e-12);
});

Deno.test("logGamma() agrees with simple-statistics", () => {
  fc.assert(fc.property(fc.double({ min: 0.01, max: 500, noNaN: true }), (x) => {
    const expected = simple.gammaln(x);
    assertAlmostEquals(logGamma(x), expected, 1e-9 * Math.max(1, Math.abs(expected)));
  }));
});

Deno.test("logChoose() counts the ways to choose", () => {
  assertAlmostEquals(Math.exp(logChoose(20, 10)), 184_756, 1e-6);
  assertAlmostEquals(Math.exp(logChoose(7, 0)), 1);
});

Deno.test("chiSquareSurvival() gives the printed quantiles back", () => {
  // Abramowitz and Stegun, table 26.8.
  const printed: [degrees: number, p: number, value: number][] = [
    [1, 0.05, 3.84146],
    [1, 0.001, 10.828],
    [2, 0.5, 1.38629],
    [5, 0.01, 15.0863],
    [10, 0.95, 3.94030],
    [14, 0.05, 23.6848],
    [14, 0.995, 4.07468],
    [30, 0.025, 46.9792],
    [100, 0.05, 124.342],
  ];
  for (const [degrees, p, value] of printed) {
    assertAlmostEquals(chiSquareSurvival(value, degrees), p, 2e-5 * Math.max(p, 0.1));
  }
});

Deno.test("chiSquareSurvival() agrees with the table of simple-statistics", () => {
  for (const [degrees, row] of Object.entries(simple.chiSquaredDistributionTable)) {
    for (const [p, value] of Object.entries(row)) {
      // The table has two decimals of the value, and one of them off by one (15 degrees, 0.975).
      const [above, below] = [0.011, -0.011].map((off) =>
        chiSquareSurvival(value + off, Number(degrees))
      );
      assert(above! <= Number(p) && Number(p) <= below!, `${degrees} ${p} ${value}`);
    }
  }
});

Deno.test("chiSquareSurvival() of 2 degrees is exponential, far out in the tail as well", () => {
  for (const value of [0.001, 1, 10, 100, 1000]) {
    const [found, expected] = [chiSquareSurvival(value, 2), Math.exp(-value / 2)];
    assert(Math.abs(found / expected - 1) < 1e-9, `${value}: ${found}`);
  }
});

Deno.test("chiSquareSurvival() falls from 1 to 0", () => {
  assertEquals([chiSquareSurvival(0, 3), chiSquareSurvival(Infinity, 3)], [1, 0]);
  const positive = fc.double({ min: 0, max: 300, noNaN: true });
  fc.assert(fc.property(positive, positive, fc.integer({ min: 1, max: 200 }), (x, y, degrees) => {
    const [nearer, farther] = [Math.min(x, y), Math.max(x, y)]
      .map((value) => chiSquareSurvival(value, degrees)) as [number, number];
    assert(nearer <= 1 && farther >= 0 && farther <= nearer + 1e-12);
  }));
});

Deno.test("normalTwoSided() and normalBound() undo each other at the usual levels", () => {
  assertAlmostEquals(normalTwoSided(1.959963984540054), 0.05, 1e-12);
  assertAlmostEquals(normalBound(0.05), 1.959963984540054, 1e-9);
  assertAlmostEquals(normalBound(0.4), simple.probit(0.8), 1e-2);
  assertAlmostEquals(normalBound(0.4), 0.8416212335729143, 1e-9);
  assertAlmostEquals(normalBound(1e-9), 6.109410, 1e-5);
});
