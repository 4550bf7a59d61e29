/**
 * A chart and its rendering as SVG with vega-lite. The same data gives the same bytes.
 *
 * @module
 */
import type { TopLevelSpec } from "npm:vega-lite@6.5.0";
import type { ReportData } from "../summary/report_data.ts";
import { config, type Layout } from "./theme.ts";

/** For pages, READMEs and slides. */
export const WIDE: Layout = { width: 760, columns: 4, legendColumns: 6 };

/** For phones. */
export const NARROW: Layout = { width: 340, columns: 2, legendColumns: 2 };

/** A vega-lite specification without the theme. */
export type Spec = TopLevelSpec;

/** A chart of a run. */
export interface Chart {
  /** File name without extension. */
  readonly name: string;
  /** One line. */
  readonly title: string;
  /** The specification; null if the run has nothing to draw. */
  spec(data: ReportData, layout: Layout): Spec | null;
}

/** Margins of a plot, in pixels. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * The size of a chart with fixed margins. Without a browser vega's estimate of text widths is far off, so
 * nothing is laid out by them.
 */
export function sized({ width }: Layout, height: number, padding: Margins) {
  return {
    width: width - padding.left - padding.right,
    height,
    padding: { ...padding },
    autosize: "none",
  } as const;
}

/** Position of the legend, in the top left corner of the margins. */
export function legendIn({ left, top }: Margins) {
  return { orient: "none", legendX: -left, legendY: -top } as const;
}

/** Upper bound of the width of the longest label, in pixels. */
export function labelWidth(texts: readonly string[]): number {
  const PER_CHARACTER = 6.2;
  const lengths = texts.map((text) => text.replaceAll("%", "..").length); // as wide as two
  return Math.ceil(PER_CHARACTER * Math.max(0, ...lengths));
}

/** Renders a chart as SVG. vega is loaded at the first call. */
export async function draw(spec: Spec): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([
    import("npm:vega-lite@6.5.0"),
    import("npm:vega@6.4.0"),
  ]);
  const view = new View(parse(compile({ ...spec, config }).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
