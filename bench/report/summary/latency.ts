/**
 * Connection latency: the histograms of all rounds of a design, merged.
 *
 * @module
 */
import { RecordError } from "../../../servers/errors.ts";
import type { Trial } from "../../record/types.ts";

/** The percentiles shown; 100 is the maximum. */
export const PERCENTILES = [50, 90, 99, 99.9, 100] as const;

/** The latency of a design's connections. */
export interface LatencyProfile {
  readonly design: string;
  readonly connections: number;
  /** Seconds, by `PERCENTILES`. */
  readonly seconds: readonly number[];
}

/** The profile of each design with a histogram, from its valid trials, in the order of the trials. */
export async function latencyProfiles(trials: readonly Trial[]): Promise<LatencyProfile[]> {
  // Imported on demand: measuring does not need it.
  const { build, decodeFromCompressedBase64 } = await import("npm:hdr-histogram-js@3.0.1");
  const recorded = trials.filter(({ status, client }) =>
    status === "ok" && client !== null && client.latency.histogram !== ""
  );
  return [...Map.groupBy(recorded, ({ design }) => design)].map(([design, same]) => {
    const all = build({ numberOfSignificantValueDigits: 3, autoResize: true });
    for (const trial of same) {
      try {
        all.add(decodeFromCompressedBase64(trial.client!.latency.histogram));
      } catch (cause) {
        const { round, position } = trial;
        throw new RecordError(
          `Cannot read the trial of round ${round}, position ${position}: its client.latency.histogram is ` +
            `no HdrHistogram: ${(cause as Error).message}`,
          { cause },
        );
      }
    }
    // A percentile is the upper end of a bucket and may exceed the largest value in it.
    const seconds = PERCENTILES.map((percentile) =>
      Math.min(all.getValueAtPercentile(percentile), all.maxValue) / 1e6
    );
    return { design, connections: all.totalCount, seconds };
  });
}
