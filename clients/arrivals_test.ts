/** The schedule of an open loop. */
import { assertAlmostEquals, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { Arrivals, type Schedule } from "./arrivals.ts";

/** The first times of a schedule, in milliseconds. */
function timesOf(schedule: Schedule, count: number): number[] {
  const arrivals = new Arrivals(schedule);
  return Array.from({ length: count }, () => {
    const { due } = arrivals;
    arrivals.next();
    return due;
  });
}

Deno.test("Arrivals come evenly, without an error that grows", () => {
  const times = timesOf({ rate: 3, arrivals: "even", seed: 1 }, 3001);
  assertEquals([times[0], times[3], times[3000]], [0, 1000, 1_000_000]);
});

Deno.test("Arrivals come in a Poisson process: gaps have the mean and the spread of an exponential distribution", () => {
  const times = timesOf({ rate: 500, arrivals: "poisson", seed: 7 }, 20_001);
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  const mean = gaps.reduce((sum, gap) => sum + gap) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  // Both are 2 ms; the mean of 20,000 differs by 0.7 % in one of three samples, and this one is always the same.
  assertAlmostEquals(mean, 2, 0.05);
  assertAlmostEquals(Math.sqrt(variance), 2, 0.1);
  assertAlmostEquals(gaps.filter((gap) => gap > mean).length / gaps.length, Math.exp(-1), 0.02);
  assertGreaterOrEqual(Math.min(...gaps), 0);
});

Deno.test("Arrivals follow from the seed", () => {
  const of = (seed: number) => timesOf({ rate: 100, arrivals: "poisson", seed }, 5);
  assertEquals(of(4), of(4));
  assertEquals(of(4).some((time, i) => time === of(5)[i]), false);
});
