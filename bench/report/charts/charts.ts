/**
 * The charts of a run, in the order of the report. Each becomes an SVG file in the run's folder.
 *
 * @module
 */
import { type Chart, draw, NARROW, WIDE } from "./chart.ts";
import { costs, logCosts } from "./costs.ts";
import { latency } from "./latency.ts";
import { clientsPerChild, cpuPerChild } from "./panels.ts";
import { latencyByRate, sweep, sweepWakeUps } from "./sweep.ts";
import { latencyOverTime, throughputOverTime } from "./time.ts";
import { costOfTypeScript, whereTimeGoes } from "./where.ts";
import type { ReportData } from "../summary/report_data.ts";

/** The charts of a run. */
const charts: readonly Chart[] = [
  costs,
  logCosts,
  whereTimeGoes,
  costOfTypeScript,
  clientsPerChild,
  cpuPerChild,
  latency,
  throughputOverTime,
  latencyOverTime,
];

/** The charts of a sweep. */
const sweepCharts: readonly Chart[] = [sweep, sweepWakeUps, latencyByRate];

/** A rendered chart, in both layouts. */
export interface Picture {
  readonly title: string;
  /** SVG. */
  readonly wide: string;
  /** SVG. */
  readonly narrow: string;
}

/** The rendered charts of a run, by name. */
export type Pictures = ReadonlyMap<string, Picture>;

/** Renders every chart that the run has data for. */
export async function drawCharts(data: ReportData): Promise<Pictures> {
  const pictures = new Map<string, Picture>();
  for (const { name, title, spec } of data.sweep ? sweepCharts : charts) {
    const [wide, narrow] = [spec(data, WIDE), spec(data, NARROW)];
    if (!wide || !narrow) continue;
    pictures.set(name, { title, wide: await draw(wide), narrow: await draw(narrow) });
  }
  return pictures;
}
