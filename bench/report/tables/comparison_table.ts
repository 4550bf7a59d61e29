/**
 * The table of a comparison: a row for each metric, of each design of two runs or of two designs.
 *
 * @module
 */
import type { MetricComparison } from "../../compare/records.ts";
import { type Comparison, findingOf, visible } from "../../compare/comparison.ts";
import { metrics } from "../../compare/metrics.ts";
import { mad, median } from "../../statistics/median.ts";
import { formatP, formatRatio, formatRatios, formatShare } from "../../compare/verdict.ts";
import { type Cell, type Column, numberCell, short, type Table, textCell } from "./table.ts";

/** A row: one metric, in two runs of the design `id`. */
type Row = MetricComparison & { readonly id?: string };

type ComparisonColumn = Column & { readonly cell: (row: Row) => Cell };

/** The table, with further notes. */
export function comparisonTable(
  title: string,
  rows: readonly Row[],
  notes: readonly string[],
): Table {
  const shown = rows.some(({ id }) => id !== undefined) ? [design, ...columns] : columns;
  const isPaired = rows.some(({ comparison }) => comparison?.paired);
  return {
    title,
    columns: shown,
    rows: rows.map((row) => shown.map(({ cell }) => cell(row))),
    footer: [],
    notes: [
      "A, B: medians over rounds. MAD: median absolute deviation over rounds, in percent of the median.",
      "B/A: Hodges-Lehmann estimate, with the 95 % interval and p of " +
      `${isPaired ? "Wilcoxon's signed-rank test within rounds" : "the Mann-Whitney test"}. ` +
      "p Holm: p corrected for the number of designs; at most 0.05 is a difference. Visible: the smallest " +
      "increase that 8 of 10 such comparisons find.",
      ...notes,
    ],
  };
}

const design: ComparisonColumn = {
  header: "design",
  field: "design",
  align: "left",
  key: true,
  cell: ({ id }) => textCell(id ?? null),
};

const columns: readonly ComparisonColumn[] = [
  {
    header: "metric",
    field: "metric",
    align: "left",
    key: true,
    cell: ({ metric }) => ({ value: metric, text: metrics[metric].heading }),
  },
  { header: "A", field: "a_median", key: true, cell: ({ a }) => middle(a) },
  { header: "B", field: "b_median", key: true, cell: ({ b }) => middle(b) },
  {
    header: "B/A",
    field: "ratio",
    key: true,
    cell: of(({ ratio }) => [ratio, formatRatio(ratio)]),
  },
  {
    header: "95 % interval",
    field: "ratio_95_interval",
    key: true,
    cell: ({ comparison }) =>
      textCell(comparison?.interval.kind === "interval" ? formatRatios(comparison.interval) : null),
  },
  {
    header: "B is",
    field: "finding",
    align: "left",
    key: true,
    cell: ({ metric, comparison }) => ({
      ...textCell(comparison && findingOf(comparison)),
      warn: comparison !== null && findingOf(comparison) === metrics[metric].worse,
    }),
  },
  {
    header: "visible",
    field: "visible_share",
    cell: of((comparison) => {
      const share = visible(comparison);
      return share === null ? null : [share, formatShare(share)];
    }),
  },
  {
    header: "p Holm",
    field: "p_holm",
    detail: true,
    cell: of(({ correctedP: p }) => [p, formatP(p)]),
  },
  { header: "p", field: "p", detail: true, cell: of(({ p }) => [p, formatP(p)]) },
  { header: "n A", field: "rounds_a", detail: true, cell: ({ a }) => numberCell(a.length, 0) },
  { header: "n B", field: "rounds_b", detail: true, cell: ({ b }) => numberCell(b.length, 0) },
  { header: "MAD A %", field: "a_mad_percent", detail: true, cell: ({ a }) => noise(a) },
  { header: "MAD B %", field: "b_mad_percent", detail: true, cell: ({ b }) => noise(b) },
];

function middle(values: readonly number[]): Cell {
  if (values.length === 0) return textCell(null);
  return { value: median(values), text: short(median(values)) };
}

function noise(values: readonly number[]): Cell {
  return numberCell(values.length < 2 ? null : 100 * mad(values) / median(values), 1);
}

function of(pick: (comparison: Comparison) => [number, string] | null): ComparisonColumn["cell"] {
  return ({ comparison }) => {
    const [value, text] = comparison && pick(comparison) || [];
    return value === undefined ? textCell(null) : { value, text: text! };
  };
}
