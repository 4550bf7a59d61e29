/**
 * Connection latency: the histograms of all rounds of a design, merged.
 *
 * @module
 */
import type { Histogram } from "../../../clients/histogram.ts";
import { RecordError } from "../../../servers/errors.ts";
import { nameOf } from "../../plan/plan.ts";
import type { Plan, Trial } from "../../record/types.ts";
import { isKnown } from "../../statistics/percentiles.ts";

/** The percentiles shown; 100 is the maximum. */
export const PERCENTILES = [50, 90, 99, 99.9, 100] as const;

/** The latency of a design's requests; in a sweep, of a design at one value. */
export interface LatencyProfile {
  readonly design: string;
  /** Answered requests: of one request a connection, connections. */
  readonly connections: number;
  /** Seconds, by `PERCENTILES`; null where there are too few requests for it. */
  readonly seconds: readonly (number | null)[];
  readonly histogram: Histogram;
}

/** The latencies of a run: a histogram of each design, in a sweep at each value, of its valid trials. */
export class Latencies {
  readonly #histograms = new Map<string, Histogram>();
  readonly #empty: () => Histogram;
  readonly #sweep: Plan["sweep"];

  private constructor(empty: () => Histogram, sweep: Plan["sweep"]) {
    this.#empty = empty;
    this.#sweep = sweep;
  }

  /** No latencies yet. */
  static async load(sweep: Plan["sweep"] = null): Promise<Latencies> {
    // Imported on demand: measuring does not need it.
    const { Histogram } = await import("../../../clients/histogram.ts");
    return new Latencies(() => new Histogram(), sweep);
  }

  /** Adds those of a trial. @throws {RecordError} if its histogram cannot be read. */
  add(trial: Trial): void {
    const { status, round, position, client } = trial;
    if (status !== "ok" || !client?.latency.histogram) return;
    const name = nameOf(trial, this.#sweep);
    let all = this.#histograms.get(name);
    if (!all) this.#histograms.set(name, all = this.#empty());
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
      const seconds = PERCENTILES.map((percentile) =>
        isKnown(percentile, all.total) ? all.quantile(percentile / 100) / 1e6 : null
      );
      return { design, connections: all.total, seconds, histogram: all };
    });
  }
}
