/**
 * Percentiles of the connection latency of each design, on a logarithmic scale.
 *
 * @module
 */
import { type LatencyProfile, PERCENTILES } from "../summary/latency.ts";
import { type Chart, NARROW, type Spec } from "./chart.ts";
import { rowsOf } from "./rows.ts";
import { INK, type Layout, makingColor, makingOf } from "./theme.ts";
import type { ReportData } from "../summary/report_data.ts";
import { short } from "../tables/table.ts";

/** Percentiles of the connection latency. */
export const latency: Chart = {
  name: "latency",
  title: "Connection latency, milliseconds: p50, p90, p99, p99.9 and maximum",
  spec: chart,
};

interface Value {
  readonly design: string;
  readonly making: string;
  readonly percentile: string;
  readonly milliseconds: number;
  readonly text: string;
}

/** Height of both legends, and the right margin, in pixels. */
const ROOM = { top: 64, right: 16 };
/** Height of the second legend, in pixels. */
const SECOND = 24;

/** Areas of the marks, in square pixels, and their names. */
const MARKS = [120, 64, 32, 14, 6];
const NAMES = PERCENTILES.map((percentile) => percentile === 100 ? "max" : `p${percentile}`);

function chart({ designs, latencies }: ReportData, layout: Layout): Spec | null {
  const values = designs.flatMap(({ id, info }) => {
    const profile = latencies.find(({ design }) => design === id);
    return profile ? marksOf(profile, makingOf(info)) : [];
  });
  if (values.length === 0) return null;
  const { frame, y, legend } = rowsOf(values, layout, ROOM);
  const color = makingColor(values, layout, legend);
  const x = {
    field: "milliseconds",
    type: "quantitative",
    scale: { type: "log" },
    axis: {
      title: "milliseconds",
      values: powersIn(values),
      labelExpr: "toString(datum.value)",
    },
  } as const;
  const columns = layout === NARROW ? NAMES.length : 0;
  const size = percentileSize({ ...legend, legendY: -SECOND, columns });
  return {
    ...frame,
    encoding: { y, color },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 2.5, opacity: 0.4, aria: false },
        encoding: {
          x: { ...x, aggregate: "min" },
          x2: { field: "milliseconds", aggregate: "max" },
        },
      },
      {
        mark: { type: "point", filled: true, opacity: 1, strokeWidth: 0 },
        encoding: { x, description: { field: "text" }, size },
      },
    ],
  };
}

/** The size of a mark by its percentile, with a second legend. */
function percentileSize(legend: { readonly legendY: number; readonly columns: number }) {
  return {
    field: "percentile",
    type: "ordinal",
    scale: { domain: NAMES, range: MARKS },
    legend: { ...legend, direction: "horizontal", symbolFillColor: INK.muted },
  } as const;
}

/** The powers of ten that enclose these values. */
function powersIn(values: readonly Value[]): number[] {
  const sizes = values.map(({ milliseconds }) => Math.log10(milliseconds));
  const [low, high] = [Math.floor(Math.min(...sizes)), Math.ceil(Math.max(...sizes))];
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
}

function marksOf({ design, connections, seconds }: LatencyProfile, making: string): Value[] {
  return seconds.flatMap((value, index) =>
    value === null ? [] : [{
      design,
      making,
      percentile: NAMES[index]!,
      milliseconds: 1000 * value,
      text: `${design}: ${NAMES[index]} ${short(1000 * value)} ms, over ${connections} connections`,
    }]
  );
}
