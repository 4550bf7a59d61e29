import { assertEquals, assertThrows } from "@std/assert";
import { deflateSync } from "node:zlib";
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
} from "npm:hdr-histogram-js@3.0.1";
import { Histogram } from "./histogram.ts";

Deno.test("a Histogram has the counts and percentiles of HdrHistogram, and its encoding", async () => {
  const ours = new Histogram();
  const theirs = build({ numberOfSignificantValueDigits: 3, highestTrackableValue: 2 ** 31 - 1 });
  // Each bucket's edges, some of them often, and a spread over all powers.
  const values = [0, 1, 1.4, 2047, 2048, 2049, 4095, 4096, 1e6, 2 ** 31 - 1, 2 ** 40];
  for (let i = 0; i < 3000; i++) values.push(1.007 ** i, i % 7 * 1000);
  for (const value of values) {
    ours.record(value);
    theirs.recordValue(Math.min(Math.max(1, Math.round(value)), 2 ** 31 - 1));
  }
  assertEquals(ours.total, values.length);
  for (const percentile of [1, 50, 90, 99, 99.9, 100]) {
    assertEquals(ours.quantile(percentile / 100), theirs.getValueAtPercentile(percentile));
  }
  const decoded = decodeFromCompressedBase64(await ours.encode());
  assertEquals(decoded.outputPercentileDistribution(), theirs.outputPercentileDistribution());
  const [own, other] = [new Histogram(), new Histogram()];
  own.addEncoded(await ours.encode());
  other.addEncoded(encodeIntoCompressedBase64(theirs));
  for (const again of [own, other]) assertEquals(await again.encode(), await ours.encode());
});

Deno.test("a Histogram refuses an encoding that is damaged, has other buckets, or inflates without end", async () => {
  const histogram = new Histogram();
  histogram.record(1234);
  const text = await histogram.encode();
  const coarse = build({ numberOfSignificantValueDigits: 2 });
  coarse.recordValue(1234);
  const bomb = new Uint8Array(8 + 10_000_000);
  const compressed = deflateSync(bomb);
  const endless = Uint8Array.from([...Uint8Array.fromBase64(text).subarray(0, 8), ...compressed]);
  for (
    const bad of [
      "",
      "?",
      "AAAA",
      text.slice(0, 24),
      text.replace("HIST", "HISS"),
      endless.toBase64(),
    ]
      .concat(encodeIntoCompressedBase64(coarse))
  ) {
    assertThrows(() => new Histogram().addEncoded(bad), Error, undefined, bad.slice(0, 100));
  }
});

Deno.test("a Histogram adds the counts of another; without any its percentiles are 0", async () => {
  const all = new Histogram();
  assertEquals([all.total, all.quantile(0.5)], [0, 0]);
  assertEquals(decodeFromCompressedBase64(await all.encode()).totalCount, 0);
  for (const values of [[5, 6], [6, 100_000]]) {
    const part = new Histogram();
    values.forEach((value) => part.record(value));
    all.add(part);
  }
  assertEquals([all.total, all.quantile(0.25), all.quantile(0.75)], [4, 5, 6]);
});
