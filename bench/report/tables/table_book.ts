/**
 * Table 30.1 of the book beside that of this run.
 *
 * @module
 */
import { BOOK_COSTS } from "../summary/book.ts";
import type { Summary } from "../summary/summary.ts";
import { type Cell, numberCell, signedCell, type Table, textCell } from "./table.ts";

/** The row the others are compared with: one fork per client. */
const REFERENCE_ROW = 1;

const columns = [
  { header: "row", field: "row", key: true },
  { header: "design", field: "design", align: "left", key: true },
  { header: "this run", field: "here" },
  { header: "book 3rd ed.", field: "third_edition" },
  { header: "Solaris", field: "solaris" },
  { header: "Digital Unix", field: "digital_unix" },
  { header: "BSD/OS", field: "bsd_os" },
  { header: "this run, % of row 1", field: "here_percent_of_row_1" },
  { header: "3rd ed., % of row 1", field: "third_edition_percent_of_row_1" },
] as const;

/** Process-control CPU seconds, one row per design of the book in this run. */
export function tableBook({ designs }: Summary): Table {
  const ours = (row: number) =>
    designs.find((design) => design.row === row)?.processControl?.median ?? null;
  const rows = designs.flatMap(({ id, row }): Cell[][] => {
    const book = BOOK_COSTS.find((cost) => cost.row === row);
    if (!book) return [];
    const reference = BOOK_COSTS.find((cost) => cost.row === REFERENCE_ROW)!;
    return [[
      numberCell(row, 0),
      textCell(id),
      signedCell(ours(book.row), 3),
      numberCell(book.thirdEdition, 2),
      numberCell(book.solaris, 1),
      numberCell(book.digitalUnix, 1),
      numberCell(book.bsdOs, 1),
      share(ours(book.row), ours(REFERENCE_ROW)),
      share(book.thirdEdition, reference.thirdEdition),
    ]];
  });
  return {
    title: "Process-control CPU seconds: book and this run",
    columns,
    rows,
    footer: [],
    notes: [
      "Book: Unix Network Programming, volume 1, Table 30.1; the results by system are from the older " +
      "edition. Its machines are decades old: compare order and ratios, not seconds.",
      "The book's thread servers read requests one byte at a time, its process servers through a buffer, " +
      "so the two are not comparable. Here all designs share one service.",
    ],
  };
}

/** A share in percent; none if the whole is not positive. */
function share(part: number | null, whole: number | null): Cell {
  return numberCell(part === null || whole === null || whole <= 0 ? null : 100 * part / whole, 1);
}
