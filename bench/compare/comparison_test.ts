import { isLong } from "../../servers/testing/long.ts";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { mulberry32 } from "../../servers/random.ts";
import { draws, normal, shapes } from "../statistics/testing_noise.ts";
import {
  compareCosts,
  type Comparison,
  fewestRounds,
  findingOf,
  POWER,
  roundsFor,
  visible,
  widen,
} from "./comparison.ts";
import { verdict } from "./verdict.ts";

const kinds = [{ paired: true, kind: "paired" }, { paired: false, kind: "unpaired" }];

/** Rounds of a cost of 100 times a factor, with noise of a shape and size. */
function costs(
  n: number,
  random: () => number,
  { shape = "normal", size = 0.05, factor = 1 } = {},
) {
  return draws(n, () => 100 * factor * Math.exp(size * shapes[shape]!.draw(random)));
}

/** Two designs in normal noise whose MAD is such a share of their cost. */
function inNoise(
  n: number,
  { mad, factor, paired }: { mad: number; factor: number; paired: boolean },
  random: () => number,
): Comparison {
  const size = mad * 1.4826;
  const [a, b] = [costs(n, random, { size }), costs(n, random, { size, factor })];
  return compareCosts([{ paired, a, b }])[0]!;
}

for (const { paired, kind } of kinds) {
  for (const shape of Object.keys(shapes)) {
    Deno.test(`compareCosts() finds a difference between ${shape} noise and itself at most 17 times in 200, ${kind}`, () => {
      const random = mulberry32(200);
      const called = draws(200, () => {
        const [a, b] = [costs(10, random, { shape }), costs(10, random, { shape })];
        return findingOf(compareCosts([{ paired, a, b }])[0]!) === "no difference" ? 0 : 1;
      }).reduce<number>((sum, one) => sum + one, 0);
      // None at all would be as wrong: 5 % of 200 are 10.
      assert(called >= 1 && called <= 17, `${called} of 200`);
    });
  }

  Deno.test(`10 rounds find 10 % more up to a MAD of 4 %, or verdict() gives the rounds needed, ${kind}`, () => {
    for (const [mad, least] of [[0.01, 100], [0.02, 99], [0.03, 96], [0.04, 80]] as const) {
      const random = mulberry32(40);
      const said = draws(
        100,
        () => verdict(inNoise(10, { mad, factor: 1.1, paired }, random), "A", "B"),
      );
      const found = said.filter((text) => text.includes(" higher than that of A")).length;
      const advised = said.filter((text) =>
        /Finding one of 10 % needs about .* rounds\.$/.test(text)
      ).length;
      assert(found >= least, `${found} of 100 where the MAD is ${mad}`);
      // An interval of 95 % may miss the 10 % on the low side in 2.5 of 100 cases.
      assert(found + advised >= 95, `${found} + ${advised} of 100 where the MAD is ${mad}`);
    }
  });

  Deno.test(`roundsFor() is enough to find the difference with 80 % probability, ${kind}`, () => {
    const random = mulberry32(80);
    for (const mad of isLong ? [0.06, 0.08] : [0.08]) {
      const advised = draws(
        41,
        () => roundsFor(0.1, inNoise(10, { mad, factor: 1, paired }, random)),
      ).toSorted((a, b) => a - b)[20]!;
      assert(advised > 10 && advised < 60, `${advised}`);
      const found = draws(
        100,
        () =>
          findingOf(inNoise(advised, { mad, factor: 1.1, paired }, random)) === "higher" ? 1 : 0,
      ).reduce<number>((sum, one) => sum + one, 0);
      assert(found >= 75, `${found} of 100 with ${advised} rounds`);
    }
  });

  Deno.test(`compareCosts() is symmetric in A and B, ${kind}`, () => {
    const random = mulberry32(3);
    const [a, b] = [costs(9, random), costs(9, random, { factor: 1.2 })];
    const there = compareCosts([{ paired, a, b }])[0]!;
    const back = compareCosts([{ paired, a: b, b: a }])[0]!;
    assertAlmostEquals(there.ratio * back.ratio, 1, 1e-12);
    assertAlmostEquals(there.interval.low * back.interval.high, 1, 1e-12);
    assertAlmostEquals(there.noise.low * back.noise.high, 1, 1e-12);
    assertAlmostEquals(there.p, back.p, 1e-12);
    assertEquals([findingOf(there), findingOf(back)], ["higher", "lower"]);
  });
}

Deno.test("compareCosts() pairs rounds, whose differences would be lost unpaired", () => {
  const a = [50, 900, 300, 70, 500, 120, 800, 200];
  const b = a.map((cost, round) => cost * (1.04 + round / 1000));
  const [paired, unpaired] = kinds.map(({ paired }) => compareCosts([{ paired, a, b }])[0]!);
  assertEquals([findingOf(paired!), findingOf(unpaired!)], ["higher", "no difference"]);
  assertAlmostEquals(paired!.ratio, 1.0435, 1e-3);
});

Deno.test("compareCosts() corrects for the number of comparisons", () => {
  const random = mulberry32(11);
  const same = () => ({ paired: true, a: costs(7, random), b: costs(7, random) });
  const differs = { paired: true, a: draws(7, () => 100), b: [110, 111, 112, 113, 114, 115, 116] };
  const alone = compareCosts([differs])[0]!;
  assertEquals([findingOf(alone), alone.p], ["higher", 2 / 2 ** 7]);
  const [three] = compareCosts([differs, same(), same()]);
  assertEquals([findingOf(three!), three!.correctedP], ["higher", 6 / 2 ** 7]);
  const [four] = compareCosts([differs, same(), same(), same()]);
  assertEquals([findingOf(four!), four!.smallestP], ["too few rounds", 8 / 2 ** 7]);
  assertEquals([alone, three!, four!].map(fewestRounds), [6, 7, 8]);
});

Deno.test("visible() is found by at least 8 of 10 comparisons that promise it", () => {
  const random = mulberry32(21);
  const [share, comparisons] = [0.1, 400];
  for (const { paired } of kinds) {
    for (const shape of ["normal", "heavy-tailed (Cauchy)"]) {
      const size = shape === "normal" ? 0.05 : 0.015;
      const all = Array.from({ length: comparisons }, () => {
        const [a, b] = [1, 1 + share].map((factor) => costs(10, random, { shape, size, factor }));
        return compareCosts([{ paired, a: a!, b: b! }])[0]!;
      });
      const promised = all.filter((one) => visible(one)! <= share);
      const found = promised.filter((one) => findingOf(one) === "higher");
      assert(promised.length > comparisons / 10, `${shape}: ${promised.length}`);
      assert(
        found.length >= POWER * promised.length,
        `${shape}: ${found.length} of ${promised.length}`,
      );
    }
  }
});

Deno.test("visible() promises nothing with too few rounds", () => {
  assertEquals(visible(compareCosts([{ paired: true, a: [1, 2, 3], b: [1, 2, 3] }])[0]!), null);
});

Deno.test("widen() makes intervals as wide as the noise of single rounds", () => {
  const random = mulberry32(31);
  const [a, b] = [1, 1.05].map((factor) => costs(200, random, { size: 0.15, factor }));
  const before = compareCosts([{ paired: false, a: a!, b: b! }])[0]!;
  const after = widen(before);
  assertEquals([findingOf(before), findingOf(after)], ["higher", "no difference"]);
  const { low, high } = after.interval;
  assertEquals({ low, high }, before.noise);
  assert(visible(after)! > visible(before)!);
});

Deno.test("fewestRounds() is 6 in pairs, 4 in two runs, and more among many", () => {
  const fewest = (paired: boolean, family: number) => fewestRounds({ paired, family });
  assertEquals([fewest(true, 1), fewest(true, 8), fewest(false, 1), fewest(false, 9)], [
    6,
    9,
    4,
    6,
  ]);
});

Deno.test("normal() noise has the spread the tests take it to have", () => {
  const random = mulberry32(61);
  const squares = draws(4000, () => normal(random) ** 2).reduce((sum, one) => sum + one, 0);
  assertAlmostEquals(squares / 4000, 1, 0.1);
});
