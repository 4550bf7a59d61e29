/**
 * The table of a sweep: the cost of each design as one parameter varies. Over children it is the book's
 * "too many children" (UNP §30.6 and §30.7).
 *
 * @module
 */
import type { Parameter } from "../../record/record.ts";
import { BOOK_TOO_MANY } from "../summary/book.ts";
import { columnNotes, loopNote, outlyingRounds, spreadNotes, unpaired } from "./notes_30_1.ts";
import type { Summary } from "../summary/summary.ts";
import type { SweepData, SweepRow } from "../summary/sweep.ts";
import { type Cell, type Column, numberCell, type Table } from "./table.ts";
import {
  costs,
  type DesignColumn,
  herd,
  herdNotes,
  identity,
  latency,
  perRequest,
  spreadOf,
  spreadsOf,
  switching,
  throughput,
} from "./columns.ts";

type RowColumn = Column & { readonly cell: (row: SweepRow) => Cell };

/** The table of a sweep: a row for each design and value. */
export function sweepTable(summary: Summary, { parameter, points, rows }: SweepData): Table {
  const columns = columnsOf(
    parameter,
    points.map(({ value }) => value),
    rows,
    summary.run.plan.requests,
  );
  return {
    title: `Sweep over ${PARAMETER_WORDS[parameter].header}: cost of each design`,
    columns,
    rows: rows.map((row) => columns.map(({ cell }) => cell(row))),
    footer: [],
    notes: notes(parameter, summary),
  };
}

/** Header, CSV field and note for each parameter. */
export const PARAMETER_WORDS: Record<Parameter, { header: string; field: string; note: string }> = {
  children: {
    header: "children",
    field: "children",
    note: "The number of children per pool varies; the number of clients does not.",
  },
  clients: {
    header: "clients",
    field: "clients",
    note:
      "The number of clients varies; the total number of connections stays the same, rounded up to a " +
      "whole number per client.",
  },
  bytes: {
    header: "bytes",
    field: "bytes",
    note: "The number of bytes requested per connection varies, for the baseline too.",
  },
  think: {
    header: "think ms",
    field: "think_milliseconds",
    note:
      "The time a client waits between connections varies; the baseline's client does not wait.",
  },
  rate: {
    header: "requests /s",
    field: "rate_per_second",
    note:
      "The number of requests due in a second varies, whatever the server answers; the baseline's client " +
      "waits for its replies.",
  },
  work: {
    header: "work µs",
    field: "work_microseconds",
    note: "The CPU time that each request takes varies, for the baseline too.",
  },
  wait: {
    header: "wait ms",
    field: "wait_milliseconds",
    note: "The time that each request waits in the server varies, for the baseline too.",
  },
};

function columnsOf(
  parameter: Parameter,
  all: readonly number[],
  rows: readonly SweepRow[],
  requests: number,
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
      ...(requests > 1 ? perRequest : []),
      ...latency.filter(({ only, detail }) => only === "csv" || parameter === "rate" && !detail),
      ...switching,
      ...herd(designs),
    ].map(ofDesign),
    ...(parameter === "children" ? bookColumns(rows) : []),
  ];
}

function ofDesign({ cell, ...column }: DesignColumn): RowColumn {
  return { ...column, cell: ({ design }) => cell(design) };
}

function valueCell(values: readonly number[], all: readonly number[]): Cell {
  if (values.length === 1) return numberCell(values[0], Number.isInteger(values[0]) ? 0 : 3);
  return { value: null, text: values.length === all.length ? "all" : values.join(", ") };
}

/** The book's results by system, if it has one for any row of this table. */
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
    ...columnNotes,
    ...unpaired(summary),
    ...spreadNotes(spreadsOf(summary)),
    ...outlyingRounds(summary),
    ...(parameter === "rate" ? [loopNote(summary.run.plan)] : []),
    "ctx sw.: context switches, voluntary and involuntary.",
    ...herdNotes(summary.designs),
    ...(parameter === "children"
      ? [
        "Book: process-control CPU seconds from its older edition, decades ago: compare the growth, not the " +
        "values.",
      ]
      : []),
  ];
}
