/**
 * Table 30.1 as a chart: process-control CPU time of each design, with its interval.
 *
 * @module
 */
import type { ReportData } from "../summary/report_data.ts";
import type { DesignSummary } from "../summary/summary.ts";
import { signedText } from "../tables/table.ts";
import { type Chart, NARROW, type Spec } from "./chart.ts";
import { type Extent, intervals } from "./rows.ts";
import { type Layout, makingOf } from "./theme.ts";

/** On a linear scale. */
export const costs: Chart = {
  name: "process-control",
  title: "Process-control CPU seconds (above the baseline), linear scale",
  spec: (data, layout) => chart(data, layout, undefined),
};

/** On a scale that is linear around zero and logarithmic beyond, for costs of different magnitude. */
export const logCosts: Chart = {
  name: "process-control-log",
  title: "Process-control CPU seconds (above the baseline), logarithmic scale",
  spec: (data, layout) => chart(data, layout, logScale(valuesOf(data))),
};

/** The end of the linear part of the scale, and the axis ticks. */
interface LogScale {
  readonly constant: number;
  readonly ticks: number[];
}

function chart(data: ReportData, layout: Layout, log: LogScale | undefined): Spec | null {
  return intervals(valuesOf(data), scaleOf(layout, log), { at: 0, text: "the baseline" }, layout);
}

function scaleOf(layout: Layout, log: LogScale | undefined) {
  const title = "CPU seconds";
  return log
    ? {
      scale: { type: "symlog" as const, constant: log.constant, nice: false },
      axis: { title, values: log.ticks, labelExpr: "toString(datum.value)" },
    }
    : { scale: { nice: true }, axis: { title, tickCount: layout === NARROW ? 3 : 6 } };
}

function valuesOf({ designs }: ReportData): Extent[] {
  return designs.flatMap((design) => {
    const { id, info, processControl, isBaseline } = design;
    if (!processControl) return [];
    const { median, interval: { low, high } } = processControl;
    const extent = isBaseline
      ? { median: 0, low: 0, high: 0, label: "baseline" }
      : { median, low, high, label: seconds(median) };
    return [{ design: id, making: makingOf(info), ...extent, text: markText(design) }];
  });
}

function markText({ id, isBaseline, processControl }: DesignSummary): string {
  if (isBaseline) return `${id}: the baseline`;
  const { median, n, interval: { low, high, kind } } = processControl!;
  const name = kind === "range" ? "range" : "95 % interval";
  const spread = `${name} ${seconds(low)} to ${seconds(high)}, ${n} rounds`;
  return `${id}: ${seconds(median)} s (${n < 2 ? "one round" : spread})`;
}

function seconds(value: number): string {
  return signedText(value, Math.abs(value) < 10 ? 3 : 1);
}

/** Most powers of ten between the linear part and the largest value. */
const MOST_MAGNITUDES = 5;

function logScale(values: readonly Extent[]): LogScale {
  const sizes = values.flatMap(({ low, high, median }) => [low, high, median].map(Math.abs));
  const largest = Math.ceil(Math.log10(Math.max(1e-6, ...sizes)));
  const medians = values.map(({ median }) => Math.abs(median)).filter((size) => size > 0);
  const smallest = Math.round(Math.log10(Math.min(...medians, 10 ** largest)));
  const first = Math.max(smallest, largest - MOST_MAGNITUDES);
  const count = largest - first + 1;
  const powers = Array.from({ length: count }, (_, i) => 10 ** (first + i))
    .flatMap((power) => (count < 4 ? [1, 2, 5] : [1]).map((step) => step * power));
  const lowest = Math.min(...values.map(({ low }) => low));
  const below = powers.filter((power) => -power > 10 * lowest).map((power) => -power);
  return { constant: 10 ** first, ticks: [...below.toReversed(), 0, ...powers] };
}
