/**
 * How long connections took: the percentiles of each design, on a logarithmic scale.
 *
 * @module
 */
import { type LatencyProfile, PERCENTILES } from "../latency.ts";
import {
  type Chart,
  labelWidth,
  type Layout,
  legendIn,
  NARROW,
  sized,
  type Spec,
} from "./chart.ts";
import { INK, makingColor, makingOf } from "./theme.ts";
import type { Figures } from "../figures.ts";
import { short } from "../table.ts";

/** Percentiles of the latency of whole connections. */
export const latency: Chart = {
  name: "latency",
  title:
    "How long a connection took, milliseconds: half of them up to the first mark, then 90 %, " +
    "99 %, 99.9 %, all",
  spec: chart,
};

interface Value {
  readonly design: string;
  readonly making: string;
  readonly percentile: string;
  readonly milliseconds: number;
  readonly text: string;
}

/** Height of a row, and what is between plot and labels, in pixels. */
const ROW = 20;
const GAP = 10;
const MARGINS = { right: 16, top: 64, bottom: 36 };

/** Areas of the marks, in square pixels, and what they are called. */
const MARKS = [120, 64, 32, 14, 6];
const NAMES = PERCENTILES.map((percentile) => percentile === 100 ? "longest" : `${percentile} %`);

function chart({ designs, latencies }: Figures, layout: Layout): Spec | null {
  const profiles = designs.flatMap(({ id, known }) => {
    const profile = latencies.find(({ design }) => design === id);
    return profile ? [{ ...profile, making: makingOf(known) }] : [];
  });
  if (profiles.length === 0) return null;
  const ids = profiles.map(({ design }) => design);
  const margins = { left: labelWidth(ids) + GAP, ...MARGINS };
  const values = profiles.flatMap((profile) => marksOf(profile, profile.making));
  const legend = legendIn(margins);
  const y = {
    field: "design",
    type: "nominal",
    sort: ids,
    title: null,
    axis: { grid: true, domain: false, ticks: false, labelPadding: GAP },
  } as const;
  const x = {
    field: "milliseconds",
    type: "quantitative",
    scale: { type: "log" },
    title: "milliseconds",
    axis: { values: powersIn(values), labelExpr: "toString(datum.value)" },
  } as const;
  const color = makingColor(values, layout, legend);
  return {
    ...sized(layout, ROW * ids.length, margins),
    data: { values },
    encoding: { y, color },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 2.5, opacity: 0.4 },
        encoding: {
          x: { ...x, aggregate: "min" },
          x2: { field: "milliseconds", aggregate: "max" },
        },
      },
      {
        mark: { type: "point", filled: true, opacity: 1, strokeWidth: 0 },
        encoding: {
          x,
          description: { field: "text" },
          size: {
            field: "percentile",
            type: "ordinal",
            scale: { domain: NAMES, range: MARKS },
            legend: {
              ...legend,
              legendY: -24,
              direction: "horizontal",
              symbolFillColor: INK.muted,
              columns: layout === NARROW ? 5 : 0,
            },
          },
        },
      },
    ],
  };
}

/** The powers of ten among these values. */
function powersIn(values: readonly Value[]): number[] {
  const sizes = values.map(({ milliseconds }) => Math.log10(milliseconds));
  const [low, high] = [Math.floor(Math.min(...sizes)), Math.ceil(Math.max(...sizes))];
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
}

function marksOf({ design, connections, seconds }: LatencyProfile, making: string): Value[] {
  return seconds.map((value, index) => ({
    design,
    making,
    percentile: NAMES[index]!,
    milliseconds: 1000 * value,
    text: `${design}: ${NAMES[index]} ${index < NAMES.length - 1 ? "within " : ""}` +
      `${short(1000 * value)} ms, of ${connections} connections`,
  }));
}
