/**
 * Small multiples: one chart per design, one bar per child of its pool, from a single round.
 *
 * @module
 */
import { BOOK_DISTRIBUTIONS } from "../summary/book.ts";
import type { Distribution } from "../summary/distribution.ts";
import type { ReportData } from "../summary/report_data.ts";
import type { DesignSummary } from "../summary/summary.ts";
import type { Chart, Spec } from "./chart.ts";
import { INK, type Layout, makingColor, makingOf } from "./theme.ts";

/** Table 30.2. */
export const clientsPerChild: Chart = {
  name: "clients-per-child",
  title: "Clients per child in one round. Line: even share, at the same height in all charts. " +
    "Dots: the book",
  spec: (data, layout) => chart(data, layout, clients, sameMultipleOfMean),
};

/** CPU time in the same round. */
export const cpuPerChild: Chart = {
  name: "cpu-per-child",
  title: "CPU milliseconds per child in the same round; each chart has its own scale. " +
    "Line: mean of the children. P: parent",
  spec: (data, layout) => chart(data, layout, cpu, highest),
};

/** A bar. */
interface Bar {
  readonly making: string;
  /** Index of the child, or `PARENT`. */
  readonly child: string;
  readonly value: number;
  /** The value of the same child in the book, or null. */
  readonly book: number | null;
  readonly text: string;
}

/** The chart of one design. */
interface Panel {
  readonly design: string;
  readonly bars: readonly Bar[];
  /** Mean over the children. */
  readonly mean: number;
}

/** Height of a plot, width of its axis, and gaps between plots with room for axis and title, in pixels. */
const HEIGHT = 76;
const AXIS = 36;
const SPACING = { column: AXIS + 8, row: 48 };

/** The widest bar, in pixels, and the share of its step that a bar takes. */
const WIDEST_BAR = 20;
const BAR_SHARE = 0.9;

/** Label of the parent's bar. */
const PARENT = "P";

/** One child in so many has a label; all of them if they are no more. */
const LABELLED = 5;

type MakePanel = (design: DesignSummary, distribution: Distribution) => Panel;

/** The end of a chart's axis. */
type Top = (panel: Panel, all: readonly Panel[]) => number;

function chart({ designs }: ReportData, layout: Layout, make: MakePanel, top: Top): Spec | null {
  const panels = designs.flatMap((design) =>
    design.distribution ? [make(design, design.distribution)] : []
  );
  if (panels.length === 0) return null;
  const columns = Math.min(layout.columns, panels.length);
  const room = layout.width - AXIS - (layout.columns - 1) * SPACING.column - 4;
  const width = Math.floor(room / layout.columns);
  const color = makingColor(panels.flatMap(({ bars }) => bars), layout);
  return {
    columns,
    // Titles are left out of the layout, since their width is unknown.
    bounds: "flush",
    spacing: SPACING,
    resolve: { scale: { color: "shared" } },
    concat: panels.map((panel) => ({
      width,
      height: HEIGHT,
      data: { values: [...panel.bars] },
      title: { text: panel.design },
      layer: layers(panel, top(panel, panels), width, color),
    })),
  };
}

/** The highest value of a chart; 1 if all are 0. */
function highest({ bars }: Panel): number {
  return Math.max(...bars.map(({ value, book }) => Math.max(value, book ?? 0))) || 1;
}

/** The same multiple of the mean in all charts, so that evenness can be compared between them. */
function sameMultipleOfMean({ mean }: Panel, all: readonly Panel[]): number {
  return mean * Math.max(...all.map((panel) => highest(panel) / panel.mean));
}

/** Bars, the line of the mean, and the dots of the book; the axis ends at `top`. */
function layers(
  { bars, mean }: Panel,
  top: number,
  width: number,
  color: ReturnType<typeof makingColor>,
) {
  const children = bars.map(({ child }) => child);
  const step = children.length > LABELLED ? LABELLED : 1;
  const labelled = children.filter((child, index) => index % step === 0 || child === PARENT);
  const axis = { labelAngle: 0, ticks: false, values: labelled };
  const x = { field: "child", type: "ordinal", sort: children, title: null, axis } as const;
  const scale = { domain: [0, top], nice: false };
  // Labels beyond the plot would move its title.
  const yAxis = { tickCount: 3, labelFlush: HEIGHT / 8 };
  const y = { type: "quantitative", title: null, scale, axis: yAxis } as const;
  const description = { field: "text" } as const;
  const bar = Math.min(WIDEST_BAR, BAR_SHARE * width / children.length);
  const line = { strokeDash: [3, 3], strokeWidth: 1 };
  const dot = { filled: true, size: 14, strokeWidth: 0, opacity: 0.8 };
  return [
    {
      mark: { type: "bar" as const, width: bar },
      encoding: { x, y: { ...y, field: "value" }, color, description },
    },
    {
      data: { values: [{ mean }] },
      mark: { type: "rule" as const, color: INK.text, ...line },
      encoding: { y: { ...y, field: "mean" }, description: { value: "mean of the children" } },
    },
    {
      mark: { type: "point" as const, color: INK.text, ...dot },
      encoding: { x, y: { ...y, field: "book" }, description },
    },
  ];
}

function clients({ id, info, row }: DesignSummary, distribution: Distribution): Panel {
  const { children, sum, round } = distribution;
  const mean = sum / children.length;
  const book = BOOK_DISTRIBUTIONS.find((column) =>
    column.row === row && column.counts.length === children.length
  );
  const scale = book ? sum / book.counts.reduce((total, count) => total + count, 0) : 0;
  const bars = children.map(({ index, connections }): Bar => {
    const inBook = book ? book.counts[index]! * scale : null;
    return {
      making: makingOf(info),
      child: String(index),
      value: connections,
      book: inBook,
      text: `${id}, child ${index}: ${connections} clients in round ${round}, ` +
        `even share ${mean.toFixed(1)}` +
        (book ? `; book, ${book.system}: ${inBook!.toFixed(0)}` : ""),
    };
  });
  return { design: id, bars, mean };
}

function cpu({ id, info }: DesignSummary, distribution: Distribution): Panel {
  const { children, parentCpuSeconds, round } = distribution;
  const total = children.reduce((sum, { cpuSeconds }) => sum + (cpuSeconds ?? 0), 0);
  const bar = (child: string, name: string, seconds: number): Bar => ({
    making: makingOf(info),
    child,
    value: 1000 * seconds,
    book: null,
    text: `${id}, ${name}: ${(1000 * seconds).toFixed(2)} ms CPU in round ${round}`,
  });
  const bars = [
    ...children.flatMap(({ index, cpuSeconds }) =>
      cpuSeconds === null ? [] : bar(String(index), `child ${index}`, cpuSeconds)
    ),
    ...(parentCpuSeconds === null ? [] : [bar(PARENT, "parent", parentCpuSeconds)]),
  ];
  return { design: id, bars, mean: 1000 * total / children.length };
}
