/**
 * Small multiples: one chart per design, a line over the time of the load of a single round.
 *
 * @module
 */
import type { ReportData } from "../summary/report_data.ts";
import { short } from "../tables/table.ts";
import type { Chart, Spec } from "./chart.ts";
import { type Layout, makingColor, makingOf } from "./theme.ts";

type Trial = NonNullable<ReportData["series"][number]["lastTimed"]>;
type Series = NonNullable<NonNullable<Trial["client"]>["series"]>;

/** Throughput. */
export const throughputOverTime: Chart = {
  name: "throughput-over-time",
  title:
    "Requests a second over the seconds of the load in one round; each chart has its own scales",
  spec: (data, layout) => chart(data, layout, throughput),
};

/** Latency. */
export const latencyOverTime: Chart = {
  name: "p99-over-time",
  title: "p99 in milliseconds over the same time (the longest of fewer than 100 requests); " +
    "logarithmic",
  spec: (data, layout) => chart(data, layout, p99),
};

/** What is drawn of a series. */
interface Quantity {
  readonly unit: string;
  readonly scale: "linear" | "log";
  /** The value of an interval; null: none. */
  valueOf(series: Series, index: number): number | null;
}

const throughput: Quantity = {
  unit: "a second",
  scale: "linear",
  valueOf: ({ requests, intervalMilliseconds }, index) =>
    1000 * requests[index]! / intervalMilliseconds,
};

const p99: Quantity = {
  unit: "ms",
  scale: "log",
  valueOf: ({ p99Microseconds }, index) => p99Microseconds[index]! / 1000 || null,
};

/** Height of a plot, width of its axis, and gaps between plots with room for axis and title, in pixels. */
const HEIGHT = 76;
const AXIS = 44;
const SPACING = { column: AXIS + 8, row: 48 };

function chart({ designs, series }: ReportData, layout: Layout, quantity: Quantity): Spec | null {
  const panels = designs.flatMap(({ id, info }) => {
    const trial = series.findLast(({ design, lastTimed }) => design === id && lastTimed)?.lastTimed;
    if (trial === undefined) return [];
    return [{ id, values: pointsOf(trial, makingOf(info), quantity) }];
  });
  if (panels.length === 0) return null;
  const columns = Math.min(layout.columns, panels.length);
  const room = layout.width - AXIS - (layout.columns - 1) * SPACING.column - 4;
  const color = makingColor(panels.flatMap(({ values }) => values), layout);
  return {
    columns,
    bounds: "flush",
    spacing: SPACING,
    resolve: { scale: { color: "shared" } },
    concat: panels.map(({ id, values }) => ({
      width: Math.floor(room / layout.columns),
      height: HEIGHT,
      data: { values },
      title: { text: id },
      mark: { type: "line" as const, strokeWidth: 1.5, point: { size: 10 } },
      encoding: encodingOf(quantity, color),
    })),
  };
}

function encodingOf({ scale }: Quantity, color: ReturnType<typeof makingColor>) {
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: { type: scale, nice: false, ...(scale === "linear" ? { domainMin: 0 } : {}) },
    axis: { tickCount: 3, format: "~s", labelFlush: HEIGHT / 8, grid: scale === "linear" },
  } as const;
  const x = {
    field: "seconds",
    type: "quantitative",
    title: null,
    scale: { domainMin: 0, nice: false },
    axis: { grid: false, tickCount: 4, format: "~g" },
  } as const;
  return { x, y, color, description: { field: "text" } } as const;
}

/** A point in the middle of each interval; the last interval is not whole. */
function pointsOf({ design, round, client }: Trial, making: string, quantity: Quantity) {
  const series = client!.series!;
  const length = series.intervalMilliseconds / 1000;
  return series.requests.slice(0, -1).map((_, index) => {
    const value = quantity.valueOf(series, index);
    const text = `${design}, round ${round}, ${(index * length).toFixed(1)} s: ${
      value === null ? "none" : `${short(value)} ${quantity.unit}`
    }`;
    return { making, seconds: (index + 0.5) * length, value, text };
  });
}
