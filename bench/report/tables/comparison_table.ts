/**
 * The table of two recorded runs: one row per design in both.
 *
 * @module
 */
import type { DesignInRuns, RunsCompared } from "../../compare/records.ts";
import { findingOf } from "../../compare/comparison.ts";
import { mad, median } from "../../statistics/median.ts";
import { formatP, formatRatio, formatRatios } from "../../compare/verdict.ts";
import { type Cell, type Column, numberCell, type Table, textCell } from "./table.ts";

type ComparisonColumn = Column & { readonly cell: (design: DesignInRuns) => Cell };

/** The table, with further notes on the two runs. */
export function comparisonTable({ designs }: RunsCompared, notes: readonly string[]): Table {
  return {
    title: "CPU time of two runs: B compared with A",
    columns,
    rows: designs.map((design) => columns.map(({ cell }) => cell(design))),
    footer: [],
    notes: [
      "µs: CPU microseconds per connection, parent and children; medians over rounds. MAD: median " +
      "absolute deviation over rounds, in percent of the median.",
      "B/A: Hodges-Lehmann estimate, with the 95 % interval and p of the Mann-Whitney test. p Holm: p " +
      "corrected for the number of comparisons; at most 0.05 is a difference.",
      ...notes,
    ],
  };
}

const columns: readonly ComparisonColumn[] = [
  { header: "design", field: "design", align: "left", key: true, cell: ({ id }) => textCell(id) },
  { header: "n A", field: "rounds_a", cell: ({ a }) => numberCell(a.length, 0) },
  { header: "n B", field: "rounds_b", cell: ({ b }) => numberCell(b.length, 0) },
  { header: "µs A", field: "a_microseconds", cell: ({ a }) => middle(a) },
  { header: "µs B", field: "b_microseconds", cell: ({ b }) => middle(b) },
  { header: "MAD A %", field: "a_mad_percent", cell: ({ a }) => noise(a) },
  { header: "MAD B %", field: "b_mad_percent", cell: ({ b }) => noise(b) },
  {
    header: "B/A",
    field: "ratio",
    cell: ({ comparison }) => of(comparison, ({ ratio }) => [ratio, formatRatio(ratio)]),
  },
  {
    header: "95 % interval",
    field: "ratio_95_interval",
    cell: ({ comparison }) =>
      textCell(comparison?.interval.kind === "interval" ? formatRatios(comparison.interval) : null),
  },
  {
    header: "p",
    field: "p",
    cell: ({ comparison }) => of(comparison, ({ p }) => [p, formatP(p)]),
  },
  {
    header: "p Holm",
    field: "p_holm",
    cell: ({ comparison }) => of(comparison, ({ correctedP: p }) => [p, formatP(p)]),
  },
  {
    header: "B",
    field: "finding",
    align: "left",
    cell: ({ comparison }) => ({
      ...textCell(comparison && findingOf(comparison)),
      warn: comparison !== null && findingOf(comparison) === "costs more",
    }),
  },
];

function middle(costs: readonly number[]): Cell {
  return numberCell(costs.length === 0 ? null : median(costs), 1);
}

function noise(costs: readonly number[]): Cell {
  return numberCell(costs.length < 2 ? null : 100 * mad(costs) / median(costs), 1);
}

function of<T>(comparison: T | null, pick: (comparison: T) => [number, string]): Cell {
  if (comparison === null) return textCell(null);
  const [value, text] = pick(comparison);
  return { value, text };
}
