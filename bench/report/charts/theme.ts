/**
 * The theme of all charts. Color stands for how the children of a design are made.
 *
 * @module
 */
import type { Config } from "npm:vega-lite@6.5.0";
import type { Making } from "../../../servers/design.ts";
import type { DesignInfo } from "../summary/summary.ts";

/** The space for a chart. */
export interface Layout {
  /** Width of the whole chart, in pixels. */
  readonly width: number;
  /** Number of small multiples side by side. */
  readonly columns: number;
  /** Number of legend entries side by side. */
  readonly legendColumns: number;
}

/** Colors of text and axes. The style sheet of the report maps them to dark-mode colors. */
export const INK = { text: "#22262b", muted: "#626a73", rule: "#d8dce0" } as const;

/** Name and color of each way to make children. */
export const MAKINGS: Readonly<Record<Making, { readonly name: string; readonly color: string }>> =
  {
    none: { name: "no children", color: "#5f6b78" },
    fork: { name: "fork(2)", color: "#2f6db3" },
    subprocess: { name: "Deno subprocess", color: "#a8660f" },
    worker: { name: "Worker (thread)", color: "#2a7d55" },
    exec: { name: "another program", color: "#8a4f9e" },
  };

/** The same for an unregistered design. */
const UNREGISTERED = { name: "not registered", color: "#6b5b4b" } as const;

/** The name of how a design's children are made. */
export function makingOf(info: Pick<DesignInfo, "children"> | null): string {
  return (info ? MAKINGS[info.children] : UNREGISTERED).name;
}

/** Color by `making`, a name from `makingOf`, with a legend at the top for those present. */
export function makingColor(
  values: readonly { readonly making: string }[],
  { legendColumns: columns }: Layout,
  at: { readonly legendX?: number; readonly legendY?: number; readonly orient?: "none" } = {},
) {
  const all = [...Object.values(MAKINGS), UNREGISTERED];
  const present = all.map(({ name }) => name)
    .filter((name) => values.some(({ making }) => making === name));
  return {
    field: "making",
    type: "nominal",
    scale: { domain: all.map(({ name }) => name), range: all.map(({ color }) => color) },
    legend: { values: present, columns, direction: "horizontal", ...at },
  } as const;
}

/** The vega-lite theme. */
export const config: Config = {
  background: "white",
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    domainColor: INK.rule,
    gridColor: INK.rule,
    labelColor: INK.muted,
    labelFontSize: 11,
    tickColor: INK.rule,
    titleColor: INK.muted,
    titleFontSize: 11,
    titleFontWeight: "normal",
  },
  axisY: { labelColor: INK.text, labelLimit: 0 },
  title: {
    anchor: "start",
    color: INK.text,
    fontSize: 10.5,
    fontWeight: "normal",
    frame: "group",
    limit: 0,
    offset: 6,
  },
  legend: {
    labelColor: INK.text,
    labelFontSize: 11,
    labelLimit: 0,
    orient: "top",
    symbolOpacity: 1,
    symbolStrokeWidth: 0,
    title: null,
  },
  text: { color: INK.text, fontSize: 11 },
};
