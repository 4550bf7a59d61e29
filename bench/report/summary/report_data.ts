/**
 * Everything the report shows of a run, computed once. Tables, charts, pages and exit codes read it.
 *
 * @module
 */
import type { Recorded, Trial } from "../../record/types.ts";
import { type LatencyProfile, latencyProfiles } from "./latency.ts";
import { summarize, type Summary } from "./summary.ts";
import { type SweepData, sweepData } from "./sweep.ts";
import { type Warning, warningsOf } from "./warnings.ts";

/** The data of one report. In a sweep, `designs` has an entry for each row of its table. */
export interface ReportData extends Summary {
  readonly trials: readonly Trial[];
  readonly warnings: readonly Warning[];
  /** Empty for a sweep. */
  readonly latencies: readonly LatencyProfile[];
  /** Null unless the run is a sweep. */
  readonly sweep: SweepData | null;
}

/** Computes the data of a recorded run. */
export async function reportData(recorded: Recorded): Promise<ReportData> {
  const { run, trials } = recorded;
  const base = { run, trials, recordedTrials: trials.length, warnings: warningsOf(recorded) };
  const sweep = sweepData(recorded);
  return sweep
    ? {
      ...base,
      designs: sweep.rows.map(({ name, design }) => ({ ...design, id: name })),
      latencies: [],
      sweep,
    }
    : {
      ...base,
      designs: summarize(recorded).designs,
      latencies: await latencyProfiles(trials),
      sweep,
    };
}
