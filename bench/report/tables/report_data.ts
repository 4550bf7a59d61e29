/**
 * Everything the report shows of a run: what the tables print, and what only charts do.
 *
 * @module
 */
import type { Recorded } from "../../record/record.ts";
import { type LatencyProfile, latencyProfiles } from "../summary/latency.ts";
import { summarize, type Summary } from "../summary/summary.ts";
import { type SweepPoint, sweepPoints } from "../summary/sweep.ts";
import { sweepTable } from "./sweep_table.ts";

/** A run in figures, for tables and charts. */
export interface ReportData extends Summary {
  readonly latencies: readonly LatencyProfile[];
  /** The points of a sweep, whose designs are those of the rows of its table; none of another run. */
  readonly sweep: readonly SweepPoint[];
}

/** The figures of a recorded run. */
export async function reportData(recorded: Recorded): Promise<ReportData> {
  const sweep = sweepPoints(recorded);
  return sweep.length > 0
    ? { ...sweepTable(recorded).summary, latencies: [], sweep }
    : { ...summarize(recorded), latencies: await latencyProfiles(recorded.trials), sweep };
}
