/**
 * Table 30.2: how many clients each child of a pool served.
 *
 * @module
 */
import { formatP } from "../../compare/verdict.ts";
import { evenness } from "../../statistics/median.ts";
import { uniformity } from "../../statistics/uniformity.ts";
import { BOOK_DISTRIBUTIONS } from "../summary/book.ts";
import type { Summary } from "../summary/summary.ts";
import { type Cell, numberCell, type Table, textCell } from "./table.ts";

/** One column, ours or the book's. */
interface Served {
  readonly header: string;
  readonly field: string;
  /** Null: the book's. */
  readonly round: number | null;
  /** Connections by index of the child. */
  readonly counts: ReadonlyMap<number, number>;
}

/** Table 30.2 of a run: a column a design, a row a child; with `book`, the book's columns beside ours. */
export function table302(summary: Summary, { book = false }: { book?: boolean } = {}): Table {
  const served = columnsOf(summary, book);
  const indexes = new Set(served.flatMap(({ counts }) => [...counts.keys()]));
  const row = (label: Cell, cell: (column: Served) => Cell) => [label, ...served.map(cell)];
  return {
    title: "Table 30.2: clients per child",
    columns: [
      { header: "child", field: "child", align: "left", key: true },
      ...served.map(({ header, field }) => ({ header, field })),
    ],
    rows: [...indexes].toSorted((a, b) => a - b)
      .map((index) => row(numberCell(index, 0), ({ counts }) => barred(counts, index))),
    footer: served.length === 0 ? [] : [
      row(textCell("sum"), ({ counts }) => numberCell(sum([...counts.values()]), 0)),
      row(textCell("max/min"), ({ counts }) => numberCell(evenness([...counts.values()]), 2)),
      row(textCell("p even"), ({ counts }) => chance([...counts.values()])),
      row(textCell("round"), ({ round }) => numberCell(round, 0)),
    ],
    notes: notes(summary, served),
  };
}

function columnsOf({ designs }: Summary, book: boolean): Served[] {
  return designs.flatMap(({ id, row, distribution }) =>
    distribution
      ? [
        {
          header: id,
          field: `${id}_connections`,
          round: distribution.round,
          counts: new Map(distribution.children.map((child) => [child.index, child.connections])),
        },
        ...(book ? bookColumns(row) : []),
      ]
      : []
  );
}

function bookColumns(row: number | null): Served[] {
  return BOOK_DISTRIBUTIONS.filter((column) => column.row === row).map(({ system, counts }) => ({
    header: `book row ${row} ${system}`,
    field: `book_row_${row}_${system}_connections`,
    round: null,
    counts: new Map(counts.entries()),
  }));
}

/** A child's connections, with a bar against those of the busiest one. */
function barred(counts: ReadonlyMap<number, number>, index: number): Cell {
  const count = counts.get(index);
  const bar = count === undefined ? 0 : count / Math.max(1, ...counts.values());
  return { ...numberCell(count, 0), bar };
}

/** How often chance alone is at least as uneven. */
function chance(counts: readonly number[]): Cell {
  const p = uniformity(counts)?.p ?? null;
  return { value: p, text: p === null ? "–" : formatP(p) };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, one) => total + one, 0);
}

function notes({ designs }: Summary, served: readonly Served[]): string[] {
  const reasons = designs.filter(({ distribution }) => !distribution)
    .map(({ id, noDistribution }) => `${id} (${noDistribution})`);
  return [
    ...(served.length > 0
      ? [
        "Connections each child served, in one real round and not on average, so that sums are true: " +
        "the last round that counts, numbered as in trials.jsonl.",
        "p even: how often connections dealt at random, each child as likely as any, come out at least " +
        "as unevenly (chi-square). Near 0: some children get more. Near 1: more even than chance, as " +
        "children take turns.",
      ]
      : ["No design with a pool of children has a trial that counts."]),
    ...(reasons.length > 0 ? [`No column: ${reasons.join(", ")}.`] : []),
    ...(served.some(({ round }) => round === null)
      ? [
        "Book: by row of Table 30.1 and by system; 5000 connections over 15 children, decades ago.",
      ]
      : []),
  ];
}
