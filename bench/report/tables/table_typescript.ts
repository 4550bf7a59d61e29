/**
 * The CPU time of designs beside that of the same designs in C: what TypeScript costs.
 *
 * @module
 */
import { findingOf } from "../../compare/comparison.ts";
import { formatP } from "../../compare/verdict.ts";
import { type BesideC, besideC } from "../summary/beside_c.ts";
import type { ReportData } from "../summary/report_data.ts";
import { type Cell, type Column, numberCell, type Table, textCell } from "./table.ts";

/** One row per design that ran beside its C program; null without one. */
export function tableTypeScript(data: Pick<ReportData, "designs" | "series">): Table | null {
  const pairs = besideC(data);
  if (pairs.length === 0) return null;
  return {
    title: "What TypeScript costs: designs beside the same designs in C",
    columns: COLUMNS,
    rows: pairs.map((pair) => COLUMNS.map(({ cell }) => cell(pair))),
    footer: [],
    notes: [
      "CPU µs of parent and children per connection, medians over rounds; user and kernel mode are split by ticks. " +
      "Herd ÷ C: Hodges-Lehmann estimate of the ratios within rounds, with its 95 % interval, or the range (r) of " +
      "fewer than 6 rounds. p: Wilcoxon's signed-rank test, after Holm's correction for the number of designs.",
    ],
  };
}

type PairColumn = Column & { readonly cell: (pair: BesideC) => Cell };

const COLUMNS: readonly PairColumn[] = [
  {
    header: "design",
    field: "design",
    align: "left",
    key: true,
    cell: ({ ours }) => textCell(ours.id),
  },
  ...(["ours", "c"] as const).flatMap((side): PairColumn[] => {
    const [name, field] = side === "ours" ? ["Herd", "herd"] : ["C", "c"];
    return [
      {
        header: `${name} µs /conn.`,
        field: `${field}_cpu_microseconds_per_connection`,
        cell: (pair) => numberCell(pair[side].cpuMicrosecondsPerConnection?.median, 1),
      },
      ...(["user", "kernel"] as const).map((part): PairColumn => ({
        header: `${name} ${part} µs`,
        field: `${field}_${part}_microseconds_per_connection`,
        cell: (pair) => numberCell(pair[side].time[part]?.median, 1),
      })),
    ];
  }),
  {
    header: "Herd ÷ C",
    field: "ratio",
    cell: ({ comparison }) => numberCell(comparison.ratio, 2),
  },
  {
    header: "95 % interval, or range (r)",
    field: "ratio_interval",
    cell: ({ comparison: { rounds, interval: { low, high, kind } } }) =>
      textCell(
        rounds.a < 2 ? null : `${kind === "range" ? "r " : ""}${low.toFixed(2)}…${high.toFixed(2)}`,
      ),
  },
  {
    header: "p",
    field: "p_holm",
    cell: ({ comparison }) =>
      findingOf(comparison) === "too few rounds"
        ? textCell(null)
        : { value: comparison.correctedP, text: formatP(comparison.correctedP) },
  },
  { header: "n", field: "rounds", cell: ({ comparison }) => numberCell(comparison.rounds.a, 0) },
];
