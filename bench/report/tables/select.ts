/**
 * Parts of tables: some of their columns, their rows in another order.
 *
 * @module
 */
import { UsageError } from "../../../servers/errors.ts";
import { nearest } from "../../../servers/nearest.ts";
import type { Cell, Column, Table } from "./table.ts";

/** These columns of a table by their fields, in this order, wherever it is written; unknown ones are left out. */
export function pickColumns(table: Table, fields: readonly string[]): Table {
  const indexes = fields.map((field) => table.columns.findIndex((column) => column.field === field))
    .filter((index) => index !== -1);
  const pick = <T>(items: readonly T[]) => indexes.map((index) => items[index]!);
  const columns = pick<Column>(table.columns).map(({ only: _, detail: __, ...column }) => column);
  const rowsOf = (rows: Table["rows"]) => rows.map((row) => pick<Cell>(row));
  return { ...table, columns, rows: rowsOf(table.rows), footer: rowsOf(table.footer) };
}

/** The tables that have some of these columns, with those only. @throws {UsageError} for a column in none. */
export function selectColumns(tables: readonly Table[], fields: readonly string[]): Table[] {
  for (const field of fields) requireField(tables, field, "columns");
  return tables.map((table) => pickColumns(table, fields)).filter(({ columns }) =>
    columns.length > 0
  );
}

/** Where the rows of a table stand in the order of a column: of `-FIELD` the greatest first. */
export function sortedIndexes({ columns, rows }: Table, order: string): number[] {
  const field = order.replace(/^-/, "");
  const sign = order === field ? 1 : -1;
  const column = columns.findIndex((column) => column.field === field);
  const indexes = [...rows.keys()];
  if (column === -1) return indexes;
  const valueOf = (index: number) => rows[index]![column]!.value;
  return indexes.toSorted((a, b) => compare(valueOf(a), valueOf(b), sign));
}

/** The tables with the rows in the order of a column, where they have it. @throws {UsageError} if none has. */
export function sortTables(tables: readonly Table[], order: string): Table[] {
  requireField(tables, order.replace(/^-/, ""), "sort");
  return tables.map((table) => ({
    ...table,
    rows: sortedIndexes(table, order).map((index) => table.rows[index]!),
  }));
}

/** Rows without a value come last in either direction. */
function compare(a: Cell["value"], b: Cell["value"], sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (a === b) return 0;
  return a < b ? -sign : sign;
}

function requireField(tables: readonly Table[], field: string, option: string): void {
  const fields = tables.flatMap(({ columns }) => columns.map((column) => column.field));
  if (fields.includes(field)) return;
  const meant = nearest(field, fields);
  throw new UsageError(
    `Unknown column "${field}": ${meant ? `did you mean ${meant}? ` : ""}` +
      `The columns are ${[...new Set(fields)].join(", ")}`,
    { option },
  );
}
