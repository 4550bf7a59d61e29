/**
 * What charts with a row a design have in common.
 *
 * @module
 */
import { labelWidth, legendIn, sized } from "./chart.ts";
import { type Layout, makingColor } from "./theme.ts";

/** Height of a row, what is between plot and labels, and what the axis below takes, in pixels. */
const ROW = 20;
const GAP = 10;
const AXIS = 36;

/** An axis of names: no line and no ticks, only what stands beside the rows. */
export const NAMES_AXIS = { domain: false, ticks: false, labelPadding: GAP } as const;

/** Pixels that labels on the right take, the gap before them included. */
export function rightOf(labels: readonly string[]): number {
  return labelWidth(labels) + GAP;
}

/** The frame of such a chart, its rows, its colours, and where a legend stands at its top. */
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
