/**
 * Everything the report shows of a run, computed once. Tables, charts, pages and exit codes read it.
 *
 * @module
 */
import type { Run, Trial } from "../../record/types.ts";
import { Latencies, type LatencyProfile } from "./latency.ts";
import { countOf, type Series, seriesOf } from "./series.ts";
import { summarizeSeries, type Summary } from "./summary.ts";
import { type SweepData, sweepData } from "./sweep.ts";
import { type Warning, warningsOf } from "./warnings.ts";

/** The data of one report. In a sweep, `designs` has an entry for each row of its table. */
export interface ReportData extends Summary {
  /** What is known of the trials. */
  readonly series: readonly Series[];
  /** The trials; null if a page with all of them would be too large for a browser. */
  readonly trials: readonly Trial[] | null;
  readonly warnings: readonly Warning[];
  /** Of each design; in a sweep, of each at each value. */
  readonly latencies: readonly LatencyProfile[];
  /** Null unless the run is a sweep. */
  readonly sweep: SweepData | null;
}

/** A page with more trials would be too large for a browser. */
export const MOST_EMBEDDED = 2000;

/** Computes the data of a recorded run. Reads the trials once, and keeps those that fit into a page. */
export async function reportData(
  { run, trials }: { readonly run: Run; readonly trials: Iterable<Trial> },
): Promise<ReportData> {
  const latencies = await Latencies.load(run.plan.sweep);
  let kept: Trial[] | null = [];
  const series = seriesOf(function* () {
    for (const trial of trials) {
      latencies.add(trial);
      if (kept && kept.push(trial) > MOST_EMBEDDED) kept = null;
      yield trial;
    }
  }());
  const sweep = sweepData(run, series);
  return {
    run,
    series,
    trials: kept,
    recordedTrials: countOf(series),
    warnings: warningsOf(run, series),
    designs: sweep
      ? sweep.rows.map(({ name, design }) => ({ ...design, id: name }))
      : summarizeSeries(run, series).designs,
    latencies: latencies.profiles(),
    sweep,
  };
}
