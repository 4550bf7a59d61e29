/**
 * The book's Table 30.1 beside ours.
 *
 * @module
 */
import { BOOK_COSTS } from "../summary/book.ts";
import type { Summary } from "../summary/summary.ts";
import { type Cell, numberCell, signedCell, type Table, textCell } from "./table.ts";

/** The row that all others are compared with: one fork per client. */
const DEAREST = 1;

const columns = [
  { header: "row", field: "row", key: true },
  { header: "design", field: "design", align: "left", key: true },
  { header: "here", field: "here" },
  { header: "book 3rd ed.", field: "third_edition" },
  { header: "Solaris", field: "solaris" },
  { header: "Digital Unix", field: "digital_unix" },
  { header: "BSD/OS", field: "bsd_os" },
  { header: "here, % of row 1", field: "here_percent_of_row_1" },
  { header: "3rd ed., % of row 1", field: "third_edition_percent_of_row_1" },
] as const;

/** A row a design of the book that the run has; process control in CPU seconds. */
export function tableBook({ designs }: Summary): Table {
  const ours = (row: number) =>
    designs.find((design) => design.row === row)?.processControl?.median ?? null;
  const rows = designs.flatMap(({ id, row }): Cell[][] => {
    const book = BOOK_COSTS.find((cost) => cost.row === row);
    if (!book) return [];
    const dearest = BOOK_COSTS.find((cost) => cost.row === DEAREST)!;
    return [[
      numberCell(row, 0),
      textCell(id),
      signedCell(ours(book.row), 3),
      numberCell(book.thirdEdition, 2),
      numberCell(book.solaris, 1),
      numberCell(book.digitalUnix, 1),
      numberCell(book.bsdOs, 1),
      share(ours(book.row), ours(DEAREST)),
      share(book.thirdEdition, dearest.thirdEdition),
    ]];
  });
  return {
    title: "Process control CPU seconds: the book and here",
    columns,
    rows,
    footer: [],
    notes: [
      "Book: Unix Network Programming, volume 1, Table 30.1; the figures by system are those of the " +
      "older edition. Those machines are decades old: compare order and ratios, not seconds.",
      "The book's thread rows read requests one byte at a time and its process rows through a buffer, " +
      "so they were never like for like. Here all share one service.",
    ],
  };
}

/** In percent; of a whole that is nothing, or less, there is no share. */
function share(part: number | null, whole: number | null): Cell {
  return numberCell(part === null || whole === null || whole <= 0 ? null : 100 * part / whole, 1);
}
