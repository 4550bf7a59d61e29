import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { decodeFromCompressedBase64 } from "npm:hdr-histogram-js@3.0.1";
import { Histogram } from "../../../clients/histogram.ts";
import { UsageError } from "../../../servers/errors.ts";
import { exportTables } from "../export.ts";
import { distributions } from "./hgrm.ts";
import { reportData } from "./report_data.ts";
import { record, trial } from "../testing_fixture.ts";

const options = { format: "hgrm", book: false, color: false, width: 80 } as const;

Deno.test("distributions() has the lines that HdrHistogram writes", async () => {
  const sets: number[][] = [
    [],
    [7],
    Array.from({ length: 3000 }, (_, i) => 1.006 ** i),
    // Most of them in one bucket, and one far away.
    [...Array(5000).fill(300), 2 ** 30],
    Array.from({ length: 20_000 }, (_, i) => 100 + i * i % 7919),
  ];
  for (const values of sets) {
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    const theirs = decodeFromCompressedBase64(await histogram.encode());
    const profile = { design: "pool", connections: values.length, seconds: [], histogram };
    const [comment, ...lines] = distributions([profile]).split("\n");
    assertEquals(comment, "#[Design = pool, milliseconds]");
    assertEquals(lines.join("\n"), theirs.outputPercentileDistribution(5, 1000));
  }
});

Deno.test("exportTables() writes the latencies of all designs as hgrm, or of one", async () => {
  const recorded = record([{ design: "iterative" }, { design: "prefork-mutex" }]);
  const histogram = new Histogram();
  for (let i = 1; i <= 1000; i++) histogram.record(i);
  const encoded = await histogram.encode();
  for (const { client } of recorded.trials) client!.latency.histogram = encoded;
  const data = await reportData(recorded);
  const all = exportTables(data, options);
  assertEquals(all.match(/^#\[Design.*$/gm)?.length, 2);
  const one = exportTables(data, { ...options, design: "prefork-mutex" });
  assertEquals(one.match(/^#\[Design.*$/gm), ["#[Design = prefork-mutex, milliseconds]"]);
  assertStringIncludes(one, "#[Max     =        1.000, Total count    =         1000]");
  const unknown = () => exportTables(data, { ...options, design: "prefork" });
  assertThrows(unknown, UsageError, "iterative, prefork-mutex");
  const none = await reportData({ ...recorded, trials: [trial({ design: "iterative" })] });
  assertThrows(() => exportTables(none, options), UsageError, "the record has none");
});
