/**
 * The table of a sweep: what each design costs as one parameter grows. Over children it is the book's
 * "too many children" (UNP §30.6 and §30.7).
 *
 * @module
 */
import { nameAt } from "../../plan/plan.ts";
import type { Parameter, Recorded } from "../../record/record.ts";
import { BOOK_TOO_MANY } from "../summary/book.ts";
import { measures, oddRounds, spreadNotes, unpaired } from "./notes_30_1.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";
import { sweepPoints } from "../summary/sweep.ts";
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

/** A design at the values that a row stands for: one, or for the baseline all that make no difference. */
interface Row {
  readonly values: readonly number[];
  readonly design: DesignSummary;
}

type RowColumn = Column & { readonly cell: (row: Row) => Cell };

/** The table of a recorded sweep, and a summary of its rows as if each were a design of its own. */
export function sweepTable(recorded: Recorded): { table: Table; summary: Summary } {
  const { run, trials } = recorded;
  const { parameter, values } = run.plan.sweep!;
  const rows = rowsOf(recorded);
  const named = rows.map(({ values: some, design }) => ({
    ...design,
    id: some.length === 1 ? nameAt(design.id, parameter, some[0]!) : design.id,
  }));
  const summary = { run, recordedTrials: trials.length, designs: named };
  const columns = columnsOf(parameter, values, rows);
  const table = {
    title: `Sweep over ${PARAMETER_WORDS[parameter].header}: what each design costs`,
    columns,
    rows: rows.map((row) => columns.map(({ cell }) => cell(row))),
    footer: [],
    notes: notes(parameter, summary),
  };
  return { table, summary };
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

/** By design and then by value. What the values make no difference to has one row for all of them. */
function rowsOf(recorded: Recorded): Row[] {
  const points = sweepPoints(recorded);
  const ids = points[0]?.summary.designs.map(({ id }) => id) ?? [];
  return ids.flatMap((id) => {
    const found = points.map(({ value, summary }) => ({
      value,
      work: JSON.stringify(summary.run.plan.trials.find(({ design }) => design === id)?.load),
      design: summary.designs.find((design) => design.id === id)!,
    }));
    const { isBaseline } = found[0]!.design;
    const groups = Map.groupBy(found, ({ value, work }) => isBaseline ? work : value);
    return [...groups.values()]
      .map((same) => ({ values: same.map(({ value }) => value), design: same[0]!.design }));
  });
}

function columnsOf(
  parameter: Parameter,
  all: readonly number[],
  rows: readonly Row[],
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
function bookColumns(rows: readonly Row[]): RowColumn[] {
  const secondsOf = (system: string, { design, values }: Row) =>
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
