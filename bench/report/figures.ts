/**
 * Everything the report shows of a run: what the tables print, and what only charts do.
 *
 * @module
 */
import type { Recorded } from "../record.ts";
import { type LatencyProfile, latencyProfiles } from "./latency.ts";
import { summarize, type Summary } from "./summary.ts";

/** A run in figures, for tables and charts. */
export interface Figures extends Summary {
  readonly latencies: readonly LatencyProfile[];
}

/** The figures of a recorded run. */
export async function figuresOf(recorded: Recorded): Promise<Figures> {
  return { ...summarize(recorded), latencies: await latencyProfiles(recorded.trials) };
}
