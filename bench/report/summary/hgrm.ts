/**
 * Latency in the text format of HdrHistogram's percentile distributions (.hgrm), which its plotter and others read
 * (http://hdrhistogram.org).
 *
 * @module
 */
import type { Bucket } from "../../../clients/histogram.ts";
import { UsageError } from "../../../servers/errors.ts";
import type { LatencyProfile } from "./latency.ts";

/** Lines for each halving of the distance to 100 %, as HdrHistogram writes by default. */
const TICKS = 5;

/** What HdrHistogram calls buckets are powers of two, here from 2048 to 2³¹ µs, with three significant digits. */
const BUCKETS = 21;
const SUB_BUCKETS = 2048;

/** Buckets are in microseconds, and the text in milliseconds. */
const MILLISECONDS = 1000;

/** The distributions of all designs, or of one. @throws {UsageError} for a design without latencies. */
export function distributions(latencies: readonly LatencyProfile[], design?: string): string {
  const chosen = design === undefined
    ? latencies
    : latencies.filter((profile) => profile.design === design);
  if (chosen.length > 0) return chosen.map(toHgrm).join("\n");
  const names = latencies.map((profile) => profile.design);
  throw new UsageError(
    names.length === 0
      ? "Cannot write latencies as hgrm: the record has none"
      : `Unknown design "${design}" in this run: write --design with one of ${names.join(", ")}`,
  );
}

/** The distribution of a design; its name stands in a comment, as the rest at the end. */
function toHgrm({ design, histogram }: LatencyProfile): string {
  const buckets = [...histogram.buckets()];
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  return [
    `#[Design = ${design}, milliseconds]`,
    "       Value     Percentile TotalCount 1/(1-Percentile)",
    "",
    ...percentileLines(buckets, total),
    ...summaryLines(buckets, total),
    "",
  ].join("\n");
}

function percentileLines(buckets: readonly Bucket[], total: number): string[] {
  const line = ({ highest }: Bucket, level: number, count: number) =>
    [
      milliseconds(highest),
      (Math.round(level * 1e10) / 1e12).toFixed(12), // halves up, as HdrHistogram rounds
      String(count).padStart(10),
      ...(level === 100 ? [] : [(1 / (1 - level / 100)).toFixed(2).padStart(14)]),
    ].join(" ");
  const lines: string[] = [];
  let level = 0;
  let count = 0;
  for (const bucket of buckets) {
    count += bucket.count;
    while (100 * count / total >= level) {
      lines.push(line(bucket, level, count));
      level += 100 / (TICKS * 2 ** (Math.floor(Math.log2(100 / (100 - level))) + 1));
      if (count === total) break;
    }
  }
  return total === 0 ? [] : [...lines, line(buckets.at(-1)!, 100, total)];
}

function summaryLines(buckets: readonly Bucket[], total: number): string[] {
  const over = (valueOf: (middle: number) => number) =>
    buckets.reduce((sum, { middle, count }) => sum + count * valueOf(middle), 0) / (total || 1);
  const mean = over((value) => value);
  const deviation = Math.sqrt(over((value) => (value - mean) ** 2));
  const count = (number: number) => String(number).padStart(12);
  return [
    `#[Mean    = ${milliseconds(mean)}, StdDeviation   = ${milliseconds(deviation)}]`,
    `#[Max     = ${milliseconds(buckets.at(-1)?.highest ?? 0)}, Total count    = ${count(total)}]`,
    `#[Buckets = ${count(BUCKETS)}, SubBuckets     = ${count(SUB_BUCKETS)}]`,
  ];
}

function milliseconds(microseconds: number): string {
  return (microseconds / MILLISECONDS).toFixed(3).padStart(12);
}
