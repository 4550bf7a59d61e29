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
  title: "Clients per child in one round. Line: even share. Dots: the book",
  spec: (data, layout) => chart(data, layout, clients),
};

/** CPU time in the same round. */
export const cpuPerChild: Chart = {
  name: "cpu-per-child",
  title: "CPU milliseconds per child in the same round. Line: mean of the children. P: parent",
  spec: (data, layout) => chart(data, layout, cpu),
};

/** A bar. */
interface Value {
  readonly design: string;
  readonly making: string;
  /** Index of the child, or `PARENT`. */
  readonly child: string;
  readonly value: number;
  /** The mean over the children. */
  readonly even: number;
  /** The value of the same child in the book, or null. */
  readonly book: number | null;
  readonly text: string;
}

type Bars = (design: DesignSummary, distribution: Distribution) => Value[];

/** Height of a chart, gaps between charts, and width of the axis, in pixels. */
const HEIGHT = 76;
const SPACING = { column: 14, row: 30 };
const AXIS = 40;

/** Label of the parent's bar. */
const PARENT = "P";

/** One child in so many has a label. */
const LABELLED = 5;

function chart(data: ReportData, layout: Layout, bars: Bars): Spec | null {
  const values = data.designs.flatMap((design) =>
    design.distribution ? bars(design, design.distribution) : []
  );
  if (values.length === 0) return null;
  const designs = [...new Set(values.map(({ design }) => design))];
  const room = layout.width - AXIS - (layout.columns - 1) * SPACING.column - 4;
  return {
    data: { values },
    columns: Math.min(layout.columns, designs.length),
    // Titles are left out of the layout, since their width is unknown.
    bounds: "flush",
    spacing: SPACING,
    facet: {
      field: "design",
      type: "nominal",
      sort: designs,
      header: { title: null, labelAnchor: "start", labelPadding: 6 },
    },
    spec: {
      width: Math.floor(room / layout.columns),
      height: HEIGHT,
      layer: layers(values, layout),
    },
  };
}

/** Bars, the line of the mean, and the dots of the book. */
function layers(values: readonly Value[], layout: Layout) {
  const children = [...new Set(values.map(({ child }) => child))];
  const labelled = children.filter((child, index) => index % LABELLED === 0 || child === PARENT);
  const axis = { labelAngle: 0, ticks: false, values: labelled };
  const x = { field: "child", type: "ordinal", sort: children, title: null, axis } as const;
  const y = { type: "quantitative", title: null, axis: { tickCount: 3 } } as const;
  const color = makingColor(values, layout);
  const description = { field: "text" } as const;
  const line = { strokeDash: [3, 3], strokeWidth: 1 };
  const dot = { filled: true, size: 14, strokeWidth: 0, opacity: 0.8 };
  return [
    { mark: "bar" as const, encoding: { x, y: { ...y, field: "value" }, color, description } },
    {
      mark: { type: "rule" as const, color: INK.text, ...line },
      encoding: {
        y: { ...y, field: "even", aggregate: "mean" as const },
        description: { value: "the even share" },
      },
    },
    {
      mark: { type: "point" as const, color: INK.text, ...dot },
      encoding: { x, y: { ...y, field: "book" }, description },
    },
  ];
}

function clients({ id, info, row }: DesignSummary, distribution: Distribution): Value[] {
  const { children, sum, round } = distribution;
  const even = sum / children.length;
  const book = BOOK_DISTRIBUTIONS.find((column) =>
    column.row === row && column.counts.length === children.length
  );
  const scale = book ? sum / book.counts.reduce((total, count) => total + count, 0) : 0;
  return children.map(({ index, connections }) => {
    const inBook = book ? book.counts[index]! * scale : null;
    const compared = book ? `; book, ${book.system}: ${inBook!.toFixed(0)}` : "";
    return {
      design: id,
      making: makingOf(info),
      child: String(index),
      value: connections,
      even,
      book: inBook,
      text: `${id}, child ${index}: ${connections} clients in round ${round}, ` +
        `even share ${even.toFixed(1)}${compared}`,
    };
  });
}

function cpu({ id, info }: DesignSummary, distribution: Distribution): Value[] {
  const { children, parentCpuSeconds, round } = distribution;
  const even = 1000 * children.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) /
    children.length;
  const bar = (child: string, name: string, seconds: number): Value => ({
    design: id,
    making: makingOf(info),
    child,
    value: 1000 * seconds,
    even,
    book: null,
    text: `${id}, ${name}: ${(1000 * seconds).toFixed(2)} ms CPU in round ${round}`,
  });
  return [
    ...children.map(({ index, cpuSeconds }) => bar(String(index), `child ${index}`, cpuSeconds)),
    ...(parentCpuSeconds === null ? [] : [bar(PARENT, "the parent", parentCpuSeconds)]),
  ];
}
