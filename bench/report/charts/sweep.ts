/**
 * A sweep as lines: a figure of each design as one parameter varies, and over rates its latency.
 *
 * @module
 */
import { hasHerd } from "../tables/columns.ts";
import { PARAMETER_WORDS } from "../tables/sweep_table.ts";
import { ratesOf } from "../summary/knee.ts";
import type { ReportData } from "../summary/report_data.ts";
import type { DesignSummary, Estimate } from "../summary/summary.ts";
import type { SweepData, SweepPoint } from "../summary/sweep.ts";
import { short, signedText } from "../tables/table.ts";
import { type Chart, legendIn, NARROW, sized, type Spec } from "./chart.ts";
import { INK, type Layout } from "./theme.ts";

/** What is drawn over the varied parameter. */
interface Figure {
  readonly of: (design: DesignSummary) => Estimate | null;
  /** Title of the axis. */
  readonly title: string;
  readonly unit: string;
  /** What has none. */
  readonly zero: string;
  readonly text: (value: number) => string;
}

const processControl: Figure = {
  of: (design) => design.processControl,
  title: "CPU seconds",
  unit: "s",
  zero: "the baseline",
  text: (value) => signedText(value, 3),
};

const wakeUps: Figure = {
  of: ({ switches }) => switches.voluntary,
  title: "wake-ups per connection",
  unit: "wake-ups per connection",
  zero: "no wake-up",
  text: (value) => value.toFixed(2),
};

/** Process-control CPU time by the varied parameter. */
export const sweep: Chart = {
  name: "sweep",
  title: "Process-control CPU seconds (above the baseline), with the interval of each point",
  spec: (data, layout) => chart(linesOf(data, processControl), layout),
};

/** The thundering herd by the varied parameter, where the children of a design wait before they accept. */
export const sweepWakeUps: Chart = {
  name: "sweep-wake-ups",
  title: "Wake-ups per connection, with the interval of each point",
  spec: (data, layout) => hasHerd(data.designs) ? chart(linesOf(data, wakeUps), layout) : null,
};

/** p99 by rate, on a logarithmic scale: beyond the knee it is that of a queue that grows. */
export const latencyByRate: Chart = {
  name: "latency-by-rate",
  title: "p99 of latency in milliseconds by requests a second, from when a request was due",
  spec: ({ sweep, run: { plan } }, layout) => {
    if (sweep?.parameter !== "rate") return null;
    const { header } = PARAMETER_WORDS.rate;
    const title = "p99, milliseconds";
    const base = plan.p99 === null ? null : { at: plan.p99, text: "the limit of --p99" };
    return chart({ values: p99sOf(sweep), header, title, base, scale: "log" }, layout);
  },
};

/** What the lines show. */
interface Lines {
  readonly values: readonly Value[];
  readonly header: string;
  readonly title: string;
  /** A rule at some value, and what it is; null: none. */
  readonly base: { readonly at: number; readonly text: string } | null;
  readonly scale: "linear" | "log";
}

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

function chart(lines: Lines, layout: Layout): Spec | null {
  const { values, header } = lines;
  if (values.length === 0) return null;
  const designs = [...new Set(values.map(({ design }) => design))];
  const columns = layout === NARROW ? 2 : 4;
  const top = LEGEND_ROW * Math.ceil(designs.length / columns) + 10;
  // The largest latency has a long label.
  const margins = { ...MARGINS, top, ...(lines.scale === "log" ? { left: 68 } : {}) };
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
    layer: layers(lines, x, color, { ...color, scale: { domain: designs } }),
  };
}

/** The base, and the line, intervals and points of each design. */
function layers<X, C, S>({ title, base, scale }: Lines, x: X, color: C, shape: S) {
  // A scale of its own would say `type: "linear"` in charts that need none.
  const y = {
    field: "median",
    type: "quantitative",
    title,
    ...(scale === "log" ? { scale: { type: scale } } : {}),
  } as const;
  return [
    ...(base === null ? [] : [{
      mark: { type: "rule" as const, color: INK.muted },
      encoding: { y: { datum: base.at }, description: { value: base.text } },
    }]),
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

function linesOf({ sweep }: ReportData, figure: Figure): Lines {
  const { parameter, points } = sweep!;
  const { header } = PARAMETER_WORDS[parameter];
  const { title, zero } = figure;
  const values = valuesOf(points, header, figure);
  return { values, header, title, base: { at: 0, text: zero }, scale: "linear" };
}

function valuesOf(
  points: readonly SweepPoint[],
  header: string,
  { of, unit, text: textOf }: Figure,
): Value[] {
  return points.flatMap(({ value: x, summary }) =>
    summary.designs.flatMap((design): Value[] => {
      const { id, isBaseline } = design;
      const estimate = of(design);
      if (isBaseline || !estimate) return [];
      const { median, n, interval: { low, high } } = estimate;
      const spread = n < 2 ? "one round" : `${textOf(low)} to ${textOf(high)}`;
      const text = `${id}, ${header} ${x}: ${textOf(median)} ${unit} (${spread})`;
      return [{ design: id, x, median, low, high, text }];
    })
  );
}

function p99sOf(sweep: SweepData): Value[] {
  return [...ratesOf(sweep)].flatMap(([design, points]) =>
    points.flatMap(({ rate, p99 }): Value[] => {
      if (p99 === null) return [];
      const median = 1000 * p99;
      const text = `${design}, ${rate} requests/s: p99 ${short(median)} ms`;
      return [{ design, x: rate, median, low: median, high: median, text }];
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
