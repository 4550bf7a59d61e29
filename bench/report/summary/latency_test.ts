import { assertAlmostEquals, assertEquals } from "@std/assert";
import { build, encodeIntoCompressedBase64 } from "npm:hdr-histogram-js@3.0.1";
import type { Trial } from "../../record/record.ts";
import { trial } from "../testing_fixture.ts";
import { Latencies, type LatencyProfile } from "./latency.ts";

/** A trial with connections of these latencies. */
function took(design: string, microseconds: readonly number[], failed?: string): Trial {
  const histogram = build({ numberOfSignificantValueDigits: 3, autoResize: true });
  for (const value of microseconds) histogram.recordValue(value);
  const made = trial(failed === undefined ? { design } : { design, failed });
  made.client!.latency.histogram = encodeIntoCompressedBase64(histogram);
  return made;
}

async function profilesOf(trials: readonly Trial[]): Promise<LatencyProfile[]> {
  const latencies = await Latencies.load();
  trials.forEach((trial) => latencies.add(trial));
  return latencies.profiles();
}

Deno.test("Latencies merges all valid rounds of a design", async () => {
  const [profile, ...others] = await profilesOf([
    took("pool", Array(10).fill([100, 200, 300, 400]).flat()),
    took("pool", Array(15).fill([500, 600, 700, 80_000]).flat()),
    took("pool", [9_000_000], "lost"),
  ]);
  assertEquals([profile!.design, profile!.connections, others.length], ["pool", 100, 0]);
  const [half, most, p99, p999, longest] = profile!.seconds;
  // Ten took longer than p90, and one longer than p99.
  assertAlmostEquals(most!, 0.08, 0.0001);
  assertEquals([p99, p999], [null, null]);
  assertAlmostEquals(half!, 0.0005, 0.000001);
  assertAlmostEquals(longest!, 0.08, 0.0001);
});

Deno.test("Latencies leaves out designs without a histogram", async () => {
  assertEquals(await profilesOf([trial({ design: "pool" })]), []);
});
