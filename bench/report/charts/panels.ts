/**
 * Small charts side by side, one a design, of what each child of its pool did in one round.
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
  title: "Clients per child, in one round; the line is the even share, dots are the book's",
  spec: (data, layout) => chart(data, layout, clients),
};

/** CPU time of the same round. */
export const cpuPerChild: Chart = {
  name: "cpu-per-child",
  title: "CPU milliseconds per child, in the same round; the line is the even share, P the parent",
  spec: (data, layout) => chart(data, layout, cpu),
};

/** A bar. */
interface Value {
  readonly design: string;
  readonly making: string;
  /** Index of the child, or what else the bar stands for. */
  readonly child: string;
  readonly value: number;
  /** What each child would have, were all alike. */
  readonly even: number;
  /** What the book's child had, or null. */
  readonly book: number | null;
  readonly text: string;
}

type Bars = (design: DesignSummary, distribution: Distribution) => Value[];

/** In pixels: height of a small chart, what is between them, and what the axis takes on the left. */
const HEIGHT = 76;
const SPACING = { column: 14, row: 30 };
const AXIS = 40;

/** What stands below the parent's bar. */
const PARENT = "P";

/** Every so many children one has its number below. */
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
    // The names above the charts are left out of account: how wide they are can only be guessed.
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

/** Bars, the line of the even share, and the dots of the book. */
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
    const theirs = book ? book.counts[index]! * scale : null;
    const compared = book ? `; the book's on ${book.system}: ${theirs!.toFixed(0)}` : "";
    return {
      design: id,
      making: makingOf(info),
      child: String(index),
      value: connections,
      even,
      book: theirs,
      text: `${id}, child ${index}: ${connections} clients in round ${round}, ` +
        `the even share is ${even.toFixed(1)}${compared}`,
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
