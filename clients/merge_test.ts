import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Histogram } from "./histogram.ts";
import { mergeReports } from "./merge.ts";
import type { LoadReport } from "./protocol.ts";
import { Series } from "./series.ts";

/** The report of a host whose requests took so many microseconds. */
async function reportOf(microseconds: readonly number[]): Promise<LoadReport> {
  const histogram = new Histogram();
  for (const value of microseconds) histogram.record(value);
  const [user, system] = [microseconds.length, 1];
  return {
    making: "fork",
    connections: microseconds.length,
    requests: microseconds.length,
    errors: { ECONNRESET: microseconds.length },
    wallSeconds: 1,
    connectionsPerSecond: microseconds.length,
    cpu: { user, system, total: user + system },
    latency: {
      p50: 0,
      p90: 0,
      p99: 0,
      p999: 0,
      max: Math.max(...microseconds) / 1e6,
      histogram: await histogram.encode(),
    },
    openLoop: null,
    hosts: null,
    workers: null,
    series: null,
  };
}

/** Latencies of hosts that differ by far, so that a mean of percentiles would be wrong. */
const raw = [1, 30, 900].map((scale, host) =>
  Array.from({ length: 200 + 700 * host }, (_, i) => scale * (50 + (i * 37) % 997))
);

Deno.test("mergeReports() has the histogram and the percentiles of all latencies", async () => {
  const reports = await Promise.all(raw.map(reportOf));
  const counts = new Series().counts(0);
  const { latency } = await mergeReports(
    reports.map((report) => ({ report, counts, start: 0, end: 1 })),
  );
  const all = new Histogram();
  for (const value of raw.flat()) all.record(value);
  assertEquals(latency.histogram, await all.encode());
  assertEquals(latency.max, Math.max(...raw.flat()) / 1e6);
  for (const [share, value] of [[0.5, latency.p50], [0.99, latency.p99], [0.999, latency.p999]]) {
    assertEquals(value, Math.min(all.quantile(share!) / 1e6, latency.max));
  }
  const sorted = raw.flat().toSorted((a, b) => a - b);
  const exact = sorted[Math.ceil(0.99 * sorted.length) - 1]! / 1e6;
  assertAlmostEquals(latency.p99, exact, exact / 1000); // three significant digits
});

Deno.test("mergeReports() adds counts, and takes the time from the first start to the last end", async () => {
  const reports = await Promise.all(raw.map(reportOf));
  const spans = [[0.5, 2], [0.25, 1], [1, 2.25]] as const;
  const counts = new Series().counts(0);
  const merged = await mergeReports(
    reports.map((report, i) => ({ report, counts, start: spans[i]![0], end: spans[i]![1] })),
  );
  const count = raw.flat().length;
  assertEquals([merged.connections, merged.requests, merged.errors], [count, count, {
    ECONNRESET: count,
  }]);
  assertEquals([merged.wallSeconds, merged.connectionsPerSecond], [2, count / 2]);
  assertEquals(merged.cpu, { user: count, system: 3, total: count + 3 });
});
