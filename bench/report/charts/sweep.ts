/**
 * A sweep as lines: process-control CPU time of each design as one parameter varies.
 *
 * @module
 */
import { PARAMETER_WORDS } from "../tables/sweep_table.ts";
import type { ReportData } from "../summary/report_data.ts";
import type { SweepPoint } from "../summary/sweep.ts";
import { signedText } from "../tables/table.ts";
import { type Chart, legendIn, NARROW, sized, type Spec } from "./chart.ts";
import { INK, type Layout } from "./theme.ts";

/** Process-control CPU time by the varied parameter. */
export const sweep: Chart = {
  name: "sweep",
  title: "Process-control CPU seconds (above the baseline), with the interval of each point",
  spec: chart,
};

interface Value {
  readonly design: string;
  readonly x: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly text: string;
}

const HEIGHT = 260;
const MARGINS = { left: 52, right: 16, bottom: 40 };
const LEGEND_ROW = 18;

/** Ratio of the largest value to the smallest from which the axis is logarithmic. */
const WIDE_RANGE = 100;

function chart(data: ReportData, layout: Layout): Spec | null {
  const { parameter, points } = data.sweep!;
  const { header } = PARAMETER_WORDS[parameter];
  const values = valuesOf(points, header);
  if (values.length === 0) return null;
  const designs = [...new Set(values.map(({ design }) => design))];
  const columns = layout === NARROW ? 2 : 4;
  const top = LEGEND_ROW * Math.ceil(designs.length / columns) + 10;
  const margins = { ...MARGINS, top };
  const xs = values.map(({ x }) => x);
  const isWide = Math.min(...xs) > 0 && Math.max(...xs) / Math.min(...xs) >= WIDE_RANGE;
  const x = {
    field: "x",
    type: "quantitative",
    title: header,
    scale: { type: isWide ? "log" : "linear", nice: false },
    axis: { grid: false, tickCount: layout === NARROW ? 4 : 10 },
  } as const;
  const color = {
    field: "design",
    type: "nominal",
    scale: { domain: designs, range: LINES },
    legend: { ...legendIn(margins), columns },
  } as const;
  return {
    ...sized(layout, HEIGHT, margins),
    data: { values },
    layer: layers(x, color, { ...color, scale: { domain: designs } }),
  };
}

/** The baseline, and the line, intervals and points of each design. */
function layers<X, C, S>(x: X, color: C, shape: S) {
  const y = { field: "median", type: "quantitative", title: "CPU seconds" } as const;
  return [
    {
      mark: { type: "rule" as const, color: INK.muted },
      encoding: { y: { datum: 0 }, description: { value: "the baseline" } },
    },
    { mark: { type: "line" as const, strokeWidth: 2, aria: false }, encoding: { x, y, color } },
    {
      mark: { type: "rule" as const, strokeWidth: 2.5, opacity: 0.45, aria: false },
      encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
    },
    {
      mark: { type: "point" as const, filled: true, size: 60, opacity: 1, strokeWidth: 0 },
      encoding: { x, y, color, shape, description: { field: "text" } },
    },
  ];
}

function valuesOf(points: readonly SweepPoint[], header: string): Value[] {
  return points.flatMap(({ value: x, summary }) =>
    summary.designs.flatMap(({ id, isBaseline, processControl }): Value[] => {
      if (isBaseline || !processControl) return [];
      const { median, n, interval: { low, high } } = processControl;
      const spread = n < 2 ? "one round" : `${signedText(low, 3)} to ${signedText(high, 3)}`;
      const text = `${id}, ${header} ${x}: ${signedText(median, 3)} s (${spread})`;
      return [{ design: id, x, median, low, high, text }];
    })
  );
}

/** Line colors of medium brightness, visible on white and on black. */
const LINES = [
  "#3f7fc1",
  "#d98324",
  "#4a9c63",
  "#b35fc4",
  "#c2504a",
  "#3c9aa3",
  "#8c7a3d",
  "#7d7f86",
];
