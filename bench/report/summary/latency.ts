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

/** The latencies of a run: a histogram of each design, of its valid trials. */
export class Latencies {
  readonly #histograms = new Map<string, Histogram>();
  readonly #empty: () => Histogram;

  private constructor(empty: () => Histogram) {
    this.#empty = empty;
  }

  /** No latencies yet. */
  static async load(): Promise<Latencies> {
    // Imported on demand: measuring does not need it.
    const { Histogram } = await import("../../../clients/histogram.ts");
    return new Latencies(() => new Histogram());
  }

  /** Adds those of a trial. @throws {RecordError} if its histogram cannot be read. */
  add({ design, status, round, position, client }: Trial): void {
    if (status !== "ok" || !client?.latency.histogram) return;
    let all = this.#histograms.get(design);
    if (!all) this.#histograms.set(design, all = this.#empty());
    try {
      all.addEncoded(client.latency.histogram);
    } catch (cause) {
      throw new RecordError(
        `Cannot read the trial of round ${round}, position ${position}: its client.latency.histogram is no ` +
          `HdrHistogram: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  /** The profile of each design with a histogram, in the order in which they were added. */
  profiles(): LatencyProfile[] {
    return [...this.#histograms].map(([design, all]) => {
      const seconds = PERCENTILES.map((percentile) => all.quantile(percentile / 100) / 1e6);
      return { design, connections: all.total, seconds };
    });
  }
}
