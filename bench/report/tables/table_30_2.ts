/**
 * Table 30.2: clients served by each child of a pool.
 *
 * @module
 */
import { formatP } from "../../compare/verdict.ts";
import { evenness } from "../../statistics/median.ts";
import { uniformity } from "../../statistics/uniformity.ts";
import { BOOK_DISTRIBUTIONS } from "../summary/book.ts";
import type { Distribution } from "../summary/distribution.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";
import { type Cell, numberCell, type Table, textCell } from "./table.ts";

/** A column of this run or of the book. */
interface Served {
  readonly header: string;
  readonly field: string;
  /** Null for a column of the book, and of an extra trial. */
  readonly round: number | null;
  readonly isBook: boolean;
  /** Connections by index of the child. */
  readonly counts: ReadonlyMap<number, number>;
}

/** Table 30.2 of a run: one column per design, one row per child; with `book`, the book's columns too. */
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
      row(textCell("p even"), ({ counts }) => uniformityCell([...counts.values()])),
      row(textCell("round"), ({ round }) => numberCell(round, 0)),
    ],
    notes: notes(summary, served),
  };
}

function columnsOf({ designs }: Summary, book: boolean): Served[] {
  return designs.flatMap(({ id, row, distribution, furtherDistributions }) =>
    distribution
      ? [
        ...[distribution, ...furtherDistributions].map((one) => columnOf(id, one)),
        ...(book ? bookColumns(row) : []),
      ]
      : []
  );
}

function columnOf(id: string, { by, round, children }: Distribution): Served {
  return {
    header: by === null ? id : `${id} (${by})`,
    field: by === null ? `${id}_connections` : `${id}_by_${by}_connections`,
    round,
    isBook: false,
    counts: new Map(children.map((child) => [child.index, child.connections])),
  };
}

function bookColumns(row: number | null): Served[] {
  return BOOK_DISTRIBUTIONS.filter((column) => column.row === row).map(({ system, counts }) => ({
    header: `book row ${row} ${system}`,
    field: `book_row_${row}_${system}_connections`,
    round: null,
    isBook: true,
    counts: new Map(counts.entries()),
  }));
}

/** Connections of a child, with a bar relative to the busiest child. */
function barred(counts: ReadonlyMap<number, number>, index: number): Cell {
  const count = counts.get(index);
  const bar = count === undefined ? 0 : count / Math.max(1, ...counts.values());
  return { ...numberCell(count, 0), bar };
}

/** The p-value of a uniform distribution. */
function uniformityCell(counts: readonly number[]): Cell {
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
        "Connections per child in a single round, the last valid one (numbered as in trials.jsonl), so " +
        "that the sums are exact.",
        "p even: probability that a random assignment with equal chances is at least as uneven " +
        "(chi-square). Near 0: some children get more. Near 1: more even than random, as when children " +
        "take turns.",
      ]
      : ["No design with a pool of children has a valid trial."]),
    ...waysNotes(designs),
    ...(reasons.length > 0 ? [`No column: ${reasons.join(", ")}.`] : []),
    ...(served.some(({ isBook }) => isBook)
      ? [
        "Book: by row of Table 30.1 and system; 5000 connections, 15 children, decades ago.",
      ]
      : []),
  ];
}

/** How connections of external servers are counted. */
const WAYS: Record<NonNullable<Distribution["by"]>, string> = {
  trace: "(trace): by the kernel's tracepoint of connections that end, in the measured trial.",
  header: "(header): by what each reply says of its worker, in the measured trial.",
  sockets:
    "(sockets): in an extra trial without a round, in which the holder of each connection's socket was looked " +
    "up; each request then takes milliseconds.",
};

function waysNotes(designs: readonly DesignSummary[]): string[] {
  const used = designs.flatMap(({ distribution, furtherDistributions }) =>
    [distribution, ...furtherDistributions].map((one) => one?.by)
  );
  const notes = Object.entries(WAYS).filter(([by]) => used.includes(by as keyof typeof WAYS));
  if (notes.length === 0) return [];
  return [
    `Workers of external servers, in the order in which they were started: ${
      notes.map(([, text]) => text).join(" ")
    }`,
  ];
}
