import { assertEquals } from "@std/assert";
import { isKnown } from "./percentiles.ts";

Deno.test("isKnown() wants ten values beyond a percentile", () => {
  for (const [percentile, least] of [[50, 20], [90, 100], [99, 1000], [99.9, 10_000]] as const) {
    assertEquals([least - 1, least].map((values) => isKnown(percentile, values)), [false, true]);
  }
  assertEquals(isKnown(100, 1), true);
});
