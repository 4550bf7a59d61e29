/**
 * The common parts of charts with one row per design.
 *
 * @module
 */
import { labelWidth, legendIn, sized, type Spec } from "./chart.ts";
import { INK, type Layout, makingColor } from "./theme.ts";

/** Height of a row, gap between plot and labels, and height of the axis, in pixels. */
const ROW = 20;
const GAP = 10;
const AXIS = 36;

/** An axis with labels only: no line, no ticks. */
export const NAMES_AXIS = { domain: false, ticks: false, labelPadding: GAP } as const;

/** Width of the labels on the right with the gap before them, in pixels. */
export function rightOf(labels: readonly string[]): number {
  return labelWidth(labels) + GAP;
}

/** The frame of a chart, its rows, and the position of its legend. */
export function rowsOf(
  values: readonly { readonly design: string }[],
  layout: Layout,
  { right, top }: { readonly right: number; readonly top: number },
) {
  const designs = [...new Set(values.map(({ design }) => design))];
  const margins = { left: rightOf(designs), right, top, bottom: AXIS };
  const legend = legendIn(margins);
  return {
    frame: { ...sized(layout, ROW * designs.length, margins), data: { values: [...values] } },
    y: {
      field: "design",
      type: "nominal",
      sort: designs,
      title: null,
      axis: { ...NAMES_AXIS, grid: true },
    },
    legend,
  } as const;
}

/** Height of the legend of a chart of intervals, in pixels. */
const TOP = 44;

/** A row of a chart of intervals. */
export interface Extent {
  readonly design: string;
  readonly making: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** On the right of the row. */
  readonly label: string;
  /** For a pointer that rests on it, and for who cannot see it. */
  readonly text: string;
}

/** A chart of a point and its interval in each row, and of a rule at `base`; null without rows. */
export function intervals(
  values: readonly Extent[],
  scale: object,
  base: { readonly at: number; readonly text: string },
  layout: Layout,
): Spec | null {
  if (values.length === 0) return null;
  const labels = Object.fromEntries(values.map(({ design, label }) => [design, label]));
  const right = rightOf(Object.values(labels));
  const { frame, y, legend } = rowsOf(values, layout, { right, top: TOP });
  const color = makingColor(values, layout, legend);
  const x = { type: "quantitative", ...scale } as const;
  const description = { field: "text" } as const;
  const labelExpr = `${JSON.stringify(labels)}[datum.label]`;
  return {
    ...frame,
    resolve: { axis: { y: "independent" } },
    layer: [
      {
        mark: { type: "rule", color: INK.muted },
        encoding: { x: { datum: base.at }, description: { value: base.text } },
      },
      {
        mark: { type: "rule", strokeWidth: 2.5, strokeCap: "round", opacity: 0.55 },
        encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, color, description },
      },
      {
        mark: { type: "point", filled: true, size: 80, opacity: 1, strokeWidth: 0 },
        encoding: {
          x: { ...x, field: "median" },
          y: { ...y, axis: { ...NAMES_AXIS, orient: "right", labelExpr } },
          color,
          description,
        },
      },
    ],
  };
}
