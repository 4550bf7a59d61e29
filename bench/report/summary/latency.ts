/**
 * Connection latency: the histograms of all rounds of a design, merged.
 *
 * @module
 */
import type { Histogram } from "../../../clients/histogram.ts";
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
  const { Histogram } = await import("../../../clients/histogram.ts");
  const recorded = trials.filter(({ status, client }) =>
    status === "ok" && client !== null && client.latency.histogram !== ""
  );
  return [...Map.groupBy(recorded, ({ design }) => design)].map(([design, same]) => {
    const all = new Histogram();
    for (const trial of same) add(all, trial);
    const seconds = PERCENTILES.map((percentile) => all.quantile(percentile / 100) / 1e6);
    return { design, connections: all.total, seconds };
  });
}

function add(all: Histogram, { round, position, client }: Trial): void {
  try {
    all.addEncoded(client!.latency.histogram);
  } catch (cause) {
    throw new RecordError(
      `Cannot read the trial of round ${round}, position ${position}: its client.latency.histogram is no ` +
        `HdrHistogram: ${(cause as Error).message}`,
      { cause },
    );
  }
}
