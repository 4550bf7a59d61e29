/**
 * A chart: what it shows, and its drawing as SVG by vega-lite. The same figures give the same bytes.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { ReportData } from "../summary/report_data.ts";
import { config, type Layout } from "./theme.ts";

/** For a page, a README, a slide. */
export const WIDE: Layout = { width: 760, columns: 4 };

/** For a phone. */
export const NARROW: Layout = { width: 340, columns: 2 };

/** What vega-lite is told, but for the look. */
export type Spec = TopLevelSpec;

/** One chart of a run. */
export interface Chart {
  /** Name of its picture, without extension. */
  readonly name: string;
  /** One line: what is to be seen. */
  readonly title: string;
  /** The drawing; null where the run has nothing to draw. */
  spec(data: ReportData, layout: Layout): Spec | null;
}

/** Room around a plot, in pixels. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * The size of a chart with these margins. Nothing is measured: without a browser vega can only guess how
 * wide a text is, and far from it.
 */
export function sized({ width }: Layout, height: number, padding: Margins) {
  return {
    width: width - padding.left - padding.right,
    height,
    padding: { ...padding },
    autosize: "none",
  } as const;
}

/** Where in the margins of such a chart its legend stands. */
export function legendIn({ left, top }: Margins) {
  return { orient: "none", legendX: -left, legendY: -top } as const;
}

/** Pixels that the longest of these texts takes as a label, generously. */
export function labelWidth(texts: readonly string[]): number {
  const PER_CHARACTER = 6.2;
  return Math.ceil(PER_CHARACTER * Math.max(0, ...texts.map((text) => text.length)));
}

/** Draws. vega is loaded at the first call: whoever draws nothing does not pay for it. */
export async function draw(spec: Spec): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([import("vega-lite"), import("vega")]);
  const view = new View(parse(compile({ ...spec, config }).spec), { renderer: "none" });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
