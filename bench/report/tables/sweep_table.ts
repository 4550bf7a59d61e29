/**
 * The table of a sweep: what each design costs as one parameter grows. Over children it is the book's
 * "too many children" (UNP §30.6 and §30.7).
 *
 * @module
 */
import type { Parameter } from "../../record/record.ts";
import { BOOK_TOO_MANY } from "../summary/book.ts";
import { measures, oddRounds, spreadNotes, unpaired } from "./notes_30_1.ts";
import type { Summary } from "../summary/summary.ts";
import type { SweepData, SweepRow } from "../summary/sweep.ts";
import { type Cell, type Column, numberCell, type Table } from "./table.ts";
import {
  costs,
  type DesignColumn,
  identity,
  latency,
  spreadOf,
  spreadsOf,
  switching,
  throughput,
} from "./table_30_1.ts";

type RowColumn = Column & { readonly cell: (row: SweepRow) => Cell };

/** The table of a sweep: a row for each design and value. */
export function sweepTable(summary: Summary, { parameter, points, rows }: SweepData): Table {
  const columns = columnsOf(parameter, points.map(({ value }) => value), rows);
  return {
    title: `Sweep over ${PARAMETER_WORDS[parameter].header}: what each design costs`,
    columns,
    rows: rows.map((row) => columns.map(({ cell }) => cell(row))),
    footer: [],
    notes: notes(parameter, summary),
  };
}

/** What is varied, in words. */
export const PARAMETER_WORDS: Record<Parameter, { header: string; field: string; note: string }> = {
  children: {
    header: "children",
    field: "children",
    note: "The children of a pool are varied; the clients are as many with all of them.",
  },
  clients: {
    header: "clients",
    field: "clients",
    note:
      "Clients are varied; together they make the same connections, rounded up to a whole number " +
      "each.",
  },
  bytes: {
    header: "bytes",
    field: "bytes",
    note: "Bytes asked for on each connection are varied, for the baseline, too.",
  },
  think: {
    header: "think ms",
    field: "think_milliseconds",
    note: "What a client waits between two connections is varied; the baseline's does not wait.",
  },
};

function columnsOf(
  parameter: Parameter,
  all: readonly number[],
  rows: readonly SweepRow[],
): RowColumn[] {
  const designs = rows.map(({ design }) => design);
  const { header, field } = PARAMETER_WORDS[parameter];
  const [row, design, ...counts] = identity.map(ofDesign) as [RowColumn, RowColumn];
  return [
    row,
    design,
    { header, field, key: true, cell: ({ values }) => valueCell(values, all) },
    ...counts,
    ...[
      ...costs(spreadOf({ designs })),
      ...throughput,
      ...latency.filter(({ only }) => only === "csv"),
      ...switching,
    ].map(ofDesign),
    ...(parameter === "children" ? bookColumns(rows) : []),
  ];
}

function ofDesign({ cell, ...column }: DesignColumn): RowColumn {
  return { ...column, cell: ({ design }) => cell(design) };
}

function valueCell(values: readonly number[], all: readonly number[]): Cell {
  if (values.length === 1) return numberCell(values[0], 0);
  return { value: null, text: values.length === all.length ? "all" : values.join(", ") };
}

/** The book's figures by system, of those that have one for some row of this table. */
function bookColumns(rows: readonly SweepRow[]): RowColumn[] {
  const secondsOf = (system: string, { design, values }: SweepRow) =>
    BOOK_TOO_MANY.find((book) => book.row === design.row && book.system === system)?.seconds
      .get(values.length === 1 ? values[0]! : NaN);
  const systems = [...new Set(BOOK_TOO_MANY.map(({ system }) => system))];
  return systems
    .filter((system) => rows.some((row) => secondsOf(system, row) !== undefined))
    .map((system) => ({
      header: `book ${system}`,
      field: `book_${system}_process_control_seconds`,
      cell: (row) => numberCell(secondsOf(system, row), 1),
    }));
}

function notes(parameter: Parameter, summary: Summary): string[] {
  return [
    PARAMETER_WORDS[parameter].note,
    ...measures,
    ...unpaired(summary),
    ...spreadNotes(spreadsOf(summary)),
    ...oddRounds(summary),
    "ctx sw.: context switches, voluntary or not.",
    ...(parameter === "children"
      ? [
        "Book: process control CPU seconds of its older edition, decades ago: compare how they grow, not " +
        "their size.",
      ]
      : []),
  ];
}
