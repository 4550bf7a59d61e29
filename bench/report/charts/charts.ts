/**
 * The charts of a run, in the order of the report. Each is a picture in the run's folder.
 *
 * @module
 */
import { type Chart, draw, NARROW, WIDE } from "./chart.ts";
import { costs, costsByMagnitude } from "./costs.ts";
import { latency } from "./latency.ts";
import { clientsPerChild, cpuPerChild } from "./panels.ts";
import { sweep } from "./sweep.ts";
import type { ReportData } from "../summary/report_data.ts";

/** Every chart of a run. */
const charts: readonly Chart[] = [
  costs,
  costsByMagnitude,
  clientsPerChild,
  cpuPerChild,
  latency,
];

/** Every chart of a sweep. */
const sweepCharts: readonly Chart[] = [sweep];

/** A chart as it is drawn, for a page and for a phone. */
export interface Picture {
  readonly title: string;
  /** SVG. */
  readonly wide: string;
  /** SVG. */
  readonly narrow: string;
}

/** The charts of a run, by name. */
export type Pictures = ReadonlyMap<string, Picture>;

/** Draws every chart that a run has something for. */
export async function drawCharts(data: ReportData): Promise<Pictures> {
  const pictures = new Map<string, Picture>();
  for (const { name, title, spec } of data.sweep ? sweepCharts : charts) {
    const [wide, narrow] = [spec(data, WIDE), spec(data, NARROW)];
    if (!wide || !narrow) continue;
    pictures.set(name, { title, wide: await draw(wide), narrow: await draw(narrow) });
  }
  return pictures;
}
