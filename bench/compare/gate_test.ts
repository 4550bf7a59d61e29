import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UsageError } from "../../servers/errors.ts";
import { compareCosts } from "./comparison.ts";
import { failShare, gate } from "./gate.ts";

const a = [99, 99.5, 100, 100.2, 100.5, 101];
const gated = (b: readonly number[], share: number) =>
  gate(compareCosts([{ paired: false, a, b }])[0]!, "new", share);
const times = (factor: number) => a.map((cost) => cost * factor);

Deno.test("failShare() reads a percentage, with or without its sign", () => {
  assertEquals(["5%", "5", "0", "2.5%", "5 %"].map(failShare), [0.05, 0.05, 0, 0.025, 0.05]);
  assertEquals(failShare(undefined), undefined);
});

for (const text of ["", "five", "-5%", "5%%", "%", "1e1", "0x5", "5,5"]) {
  Deno.test(`failShare() refuses "${text}", and says what to write`, () => {
    assertThrows(() => failShare(text), UsageError, "write --fail-above 5%");
  });
}

Deno.test("gate() fails what is worse by more, and says why it does not fail the rest", () => {
  assertEquals(gated(times(1.2), 0.05).isRegression, true);
  assertMatch(gated(times(1.2), 0.05).sentence, /^Regression: new costs more by more than 5 %/);
  const passing: [b: number[], share: number, why: RegExp][] = [
    [times(1.04), 0.05, /not all of the interval is above it/],
    [times(0.8), 0.05, /it costs less/],
    [a, 0, /no difference/],
    [[200], 0.05, /too few rounds/],
  ];
  for (const [b, share, why] of passing) {
    const { isRegression, sentence } = gated(b, share);
    assertEquals(isRegression, false);
    assertMatch(sentence, /^No regression above \d/);
    assertMatch(sentence, why);
  }
});
