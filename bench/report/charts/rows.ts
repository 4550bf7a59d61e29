/**
 * The common parts of charts with one row per design.
 *
 * @module
 */
import { labelWidth, legendIn, sized } from "./chart.ts";
import { type Layout, makingColor } from "./theme.ts";

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

/** The frame of a chart, its rows, its colors, and the position of its legend. */
export function rowsOf(
  values: readonly { readonly design: string; readonly making: string }[],
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
    color: makingColor(values, layout, legend),
    legend,
  } as const;
}
