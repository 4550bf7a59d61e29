/**
 * What a load did over its time: for each interval how many requests were answered, and how long they took, in
 * memory that all clients share.
 *
 * @module
 */
import { type Bits, bucketOf, highestIn } from "./buckets.ts";
import type { LoadReport, SeriesCounts } from "./protocol.ts";

/** The shortest interval. Later ones are longer, so that their number is bounded. */
const INTERVAL_MS = 100;

/** Intervals of 100 ms: 512, up to 51.2 s; then 256 of 200 ms, 256 of 400 ms and so on. */
const INTERVALS: Bits = 9;

/** Latencies in microseconds: each power of two has 8 buckets, so a percentile is at most an eighth too high. */
const LATENCIES: Bits = 4;

/** The end of time (29 hours), in shortest intervals; and of latencies, in microseconds. */
const LAST_INTERVAL = 2 ** 20 - 1;
const LONGEST = 2 ** 31 - 1;

const BUCKETS = bucketOf(LONGEST, LATENCIES) + 1;
const ORIGIN_BYTES = 8;

/** Counts of answered requests by the time of their reply and by their latency. */
export class Series {
  /** Bytes of its memory, of which a short load touches little. */
  static readonly BYTES = ORIGIN_BYTES + 4 * BUCKETS * (bucketOf(LAST_INTERVAL, INTERVALS) + 1);

  /** When the load started. */
  readonly #origin: Float64Array;
  readonly #counts: Int32Array;

  constructor(memory = new ArrayBuffer(Series.BYTES)) {
    this.#origin = new Float64Array(memory, 0, 1);
    this.#counts = new Int32Array(memory, ORIGIN_BYTES);
  }

  /** Sets the time of the start, in milliseconds of the clock of `record`. */
  start(now: number): void {
    this.#origin[0] = now;
  }

  /** Counts a request: when it began and when its reply had arrived, in milliseconds of one clock. */
  record(began: number, ended: number): void {
    const interval = (ended - this.#origin[0]!) / INTERVAL_MS;
    const microseconds = (ended - began) * 1000;
    const at = bucketOf(Math.min(Math.max(0, interval), LAST_INTERVAL), INTERVALS) * BUCKETS +
      bucketOf(Math.min(Math.max(0, microseconds), LONGEST), LATENCIES);
    Atomics.add(this.#counts, at, 1); // clients share it
  }

  /** The series until then. */
  read(now: number): NonNullable<LoadReport["series"]> {
    return mergeSeries([this.counts(now)]);
  }

  /** Its counts, in intervals of one length, 511 at most. */
  counts(now: number): SeriesCounts {
    const last = Math.min(
      Math.max(0, Math.floor((now - this.#origin[0]!) / INTERVAL_MS)),
      LAST_INTERVAL,
    );
    const lastIndex = bucketOf(last, INTERVALS);
    // The interval before begins where this one does, or ends.
    const length = lastIndex === 0
      ? 1
      : highestIn(lastIndex, INTERVALS) - highestIn(lastIndex - 1, INTERVALS);
    const merged = Array.from(
      { length: Math.floor(last / length) + 1 },
      () => new Uint32Array(BUCKETS),
    );
    for (let index = 0; index <= lastIndex; index++) {
      const into = merged[Math.floor(highestIn(index, INTERVALS) / length)]!;
      for (let i = 0; i < BUCKETS; i++) into[i]! += this.#counts[index * BUCKETS + i]!;
    }
    return {
      intervalMilliseconds: length * INTERVAL_MS,
      counts: merged.map((counts) => [...counts].flatMap((n, index) => n === 0 ? [] : [index, n])),
    };
  }
}

/** One series of loads whose series began at the same time, in intervals of the longest: all requests are in it. */
export function mergeSeries(parts: readonly SeriesCounts[]): NonNullable<LoadReport["series"]> {
  const length = Math.max(...parts.map(({ intervalMilliseconds }) => intervalMilliseconds));
  const merged: Uint32Array[] = [];
  for (const { intervalMilliseconds, counts } of parts) {
    for (const [i, pairs] of counts.entries()) {
      const into = merged[Math.floor(i * intervalMilliseconds / length)] ??= new Uint32Array(
        BUCKETS,
      );
      for (let at = 0; at < pairs.length; at += 2) into[pairs[at]!]! += pairs[at + 1]!;
    }
  }
  const requests = merged.map((counts) => counts.reduce((sum, count) => sum + count, 0));
  return {
    intervalMilliseconds: length,
    requests,
    p99Microseconds: merged.map((counts, i) => percentile99(counts, requests[i]!)),
  };
}

/** The highest latency of the bucket that 99 % do not exceed; 0 of none. */
function percentile99(counts: Uint32Array, total: number): number {
  let left = Math.ceil(0.99 * total);
  const index = counts.findIndex((count) => total > 0 && (left -= count) <= 0);
  return index === -1 ? 0 : highestIn(index, LATENCIES);
}
