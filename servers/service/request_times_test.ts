import { assertAlmostEquals, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import type { ServiceTime } from "../design.ts";
import { monotonicNanoseconds } from "../posix/clocks.ts";
import { NO_SERVICE_TIME, RequestTimes, requestTimesOf } from "./request_times.ts";

const exponential = (nanoseconds: number, seed = 1): ServiceTime => ({
  ...NO_SERVICE_TIME,
  wait: { nanoseconds, distribution: "exponential" },
  seed,
});

const draws = (times: RequestTimes, count: number) =>
  Array.from({ length: count }, () => times.waitFor(1));

Deno.test("requestTimesOf() is undefined where requests take no time", () => {
  assertEquals(requestTimesOf(NO_SERVICE_TIME, 0), undefined);
});

Deno.test("RequestTimes.waitFor() is always the same for a fixed time, and a sum for several requests", () => {
  const wait = { nanoseconds: 5e6, distribution: "fixed" } as const;
  const times = new RequestTimes({ ...NO_SERVICE_TIME, wait }, 7);
  assertEquals([times.waitFor(1), times.waitFor(1), times.waitFor(3)], [5e6, 5e6, 15e6]);
});

Deno.test("RequestTimes.waitFor() is exponentially distributed", () => {
  const COUNT = 20_000;
  const all = draws(new RequestTimes(exponential(1000), 3), COUNT).toSorted((a, b) => a - b);
  assertGreater(all[0]!, 0);
  // Kolmogorov-Smirnov: one seed in 1000 is further away than 1.95 ÷ √n.
  const distance = Math.max(...all.map((x, i) => Math.abs(1 - Math.exp(-x / 1000) - i / COUNT)));
  assertGreater(1.95 / Math.sqrt(COUNT), distance);
  assertAlmostEquals(all.reduce((sum, x) => sum + x, 0) / COUNT, 1000, 30);
});

Deno.test("RequestTimes follow from seed and stream; the first of all streams are distributed alike", () => {
  const of = (stream: number, seed = 1) =>
    draws(new RequestTimes(exponential(1000, seed), stream), 5);
  assertEquals(of(4), of(4));
  assertNotEquals(of(4), of(5));
  assertNotEquals(of(4), of(4, 2));
  const times = new RequestTimes(exponential(1000), 0);
  const COUNT = 5000;
  let sum = 0;
  for (let stream = 0; stream < COUNT; stream++) {
    times.begin(stream);
    sum += times.waitFor(1);
  }
  assertAlmostEquals(sum / COUNT, 1000, 60);
  times.begin(4);
  assertEquals(draws(times, 5), of(4));
});

Deno.test("RequestTimes.spend() waits for every request, and for none without requests", () => {
  const wait = { nanoseconds: 2e6, distribution: "fixed" } as const;
  const times = new RequestTimes({ ...NO_SERVICE_TIME, wait }, 0);
  const start = monotonicNanoseconds();
  times.spend(0);
  times.spend(3);
  assertGreater(monotonicNanoseconds() - start, 6e6);
});
