import { assertEquals, assertMatch } from "@std/assert";
import { compareCosts } from "./comparison.ts";
import { gate } from "./gate.ts";

const a = [99, 99.5, 100, 100.2, 100.5, 101];
const gated = (b: readonly number[], share: number) =>
  gate(compareCosts([{ paired: false, a, b }])[0]!, "new", share);
const times = (factor: number) => a.map((cost) => cost * factor);

Deno.test("gate() fails regressions above the share, and gives the reason for passing others", () => {
  assertEquals(gated(times(1.2), 0.05).isRegression, true);
  assertMatch(gated(times(1.2), 0.05).sentence, /^Regression: new costs more by more than 5 %/);
  const passing: [b: number[], share: number, why: RegExp][] = [
    [times(1.04), 0.05, /the interval is not entirely above it/],
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
