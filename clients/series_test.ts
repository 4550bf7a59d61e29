import { assert, assertEquals } from "@std/assert";
import { mergeSeries, Series } from "./series.ts";

Deno.test("a Series counts requests by the interval of their end, from its start on", () => {
  const series = new Series();
  series.start(1000);
  series.record(1000.5, 1001.5);
  series.record(1090, 1100);
  series.record(1099, 1102);
  series.record(1000, 1350);
  assertEquals(series.read(1360), {
    intervalMilliseconds: 100,
    requests: [1, 2, 0, 1],
    // Each the highest of its bucket: 1 ms of 960 to 1023 µs, and so on.
    p99Microseconds: [1023, 10239, 0, 360447],
  });
});

Deno.test("a Series keeps to 512 intervals, which become longer, and loses no request", () => {
  for (
    const [seconds, length] of [[51, 100], [52, 200], [103, 400], [600, 1600], [86400, 204800]]
  ) {
    const series = new Series();
    series.start(0);
    const each = Math.max(100, seconds! * 1000 / 5000);
    let count = 0;
    for (let at = 0; at < seconds! * 1000; at += each, count++) series.record(at - 2, at);
    const { intervalMilliseconds, requests } = series.read(seconds! * 1000 - 1);
    assertEquals(intervalMilliseconds, length);
    assertEquals(requests.length, Math.ceil(seconds! * 1000 / length!));
    assert(requests.length <= 512);
    assertEquals(requests.reduce((sum, one) => sum + one), count);
    // Evenly made, they are evenly counted.
    const even = length! / each;
    for (const one of requests.slice(0, -1)) assert(Math.abs(one - even) <= 1, `${one} of ${even}`);
  }
});

Deno.test("a Series has the 99th percentile of each interval, at most an eighth too high", () => {
  const series = new Series();
  series.start(0);
  const latencies = Array.from({ length: 1000 }, (_, i) => 0.05 * 1.01 ** i);
  for (const [i, latency] of latencies.entries()) {
    const end = i % 2 === 0 ? 50 : 150;
    series.record(end - latency, end);
  }
  for (const [interval, p99] of series.read(199).p99Microseconds.entries()) {
    const exact = latencies.filter((_, i) => i % 2 === interval)[494]! * 1000;
    assert(p99 >= Math.floor(exact) && p99 <= 1.126 * exact, `${p99} of ${exact}`);
  }
});

Deno.test("a Series has a place for what its clock cannot have shown", () => {
  const series = new Series();
  series.start(1e6);
  series.record(0, 1);
  series.record(1e6, 1e15);
  const { requests } = series.read(1e15);
  assertEquals(requests.reduce((sum, one) => sum + one), 2);
});

Deno.test("clients share one Series", () => {
  const memory = new SharedArrayBuffer(Series.BYTES) as unknown as ArrayBuffer;
  const [one, other] = [new Series(memory), new Series(memory)];
  one.start(5);
  for (const series of [one, other]) series.record(6, 7);
  assertEquals(one.read(8).requests, [2]);
});

Deno.test("mergeSeries() is the series of all requests, whatever the lengths of intervals", () => {
  const all = new Series();
  // The second host goes on longer, in longer intervals; the third has done nothing.
  const parts = [40, 120, 0].map((seconds, host) => {
    const own = new Series();
    for (const series of seconds === 0 ? [] : [own, all]) {
      for (let i = 0; i < 3000; i++) {
        const end = i * seconds / 3;
        series.record(end - (1 + host) * 1.003 ** i, end);
      }
    }
    return own.counts(1000 * seconds);
  });
  assertEquals(parts.map(({ intervalMilliseconds }) => intervalMilliseconds), [100, 400, 100]);
  const merged = mergeSeries(parts);
  assertEquals(merged, all.read(120_000));
  assertEquals(merged.requests.reduce((sum, one) => sum + one), 6000);
});
