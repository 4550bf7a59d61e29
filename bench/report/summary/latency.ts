/**
 * How long connections took: the histograms of all rounds of a design as one.
 *
 * @module
 */
import type { Trial } from "../../record/record.ts";

/** Which percentiles are shown; 100 is the longest. */
export const PERCENTILES = [50, 90, 99, 99.9, 100] as const;

/** The connections of a design. */
export interface LatencyProfile {
  readonly design: string;
  readonly connections: number;
  /** Seconds, by `PERCENTILES`. */
  readonly seconds: readonly number[];
}

/** The profile of each design that has a histogram, in the order of the trials; those that count. */
export async function latencyProfiles(trials: readonly Trial[]): Promise<LatencyProfile[]> {
  // Only here: what measures does not need it.
  const { build, decodeFromCompressedBase64 } = await import("hdr-histogram-js");
  const recorded = trials.filter(({ status, client }) =>
    status === "ok" && client !== null && client.latency.histogram !== ""
  );
  return [...Map.groupBy(recorded, ({ design }) => design)].map(([design, same]) => {
    const all = build({ numberOfSignificantValueDigits: 3, autoResize: true });
    for (const { client } of same) all.add(decodeFromCompressedBase64(client!.latency.histogram));
    // A percentile is the upper end of a bucket, which may lie beyond the largest value in it.
    const seconds = PERCENTILES.map((percentile) =>
      Math.min(all.getValueAtPercentile(percentile), all.maxValue) / 1e6
    );
    return { design, connections: all.totalCount, seconds };
  });
}
