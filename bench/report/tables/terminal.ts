/**
 * Tables in a terminal.
 *
 * @module
 */
import { bar } from "./bar.ts";
import { bold, dim, red } from "jsr:@std/fmt@^1.0.0/colors";
import { type Cell, plain, type Table } from "./table.ts";
import {
  fitting,
  GAP,
  headerLines,
  pad,
  panels,
  span,
  type Track,
  tracksOf,
  wrap,
} from "./tracks.ts";

/** Options of the terminal output. */
export interface TerminalOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

/**
 * Aligned columns. Details are left out of a table too wide for the terminal; if that is not enough, it is split
 * into parts below each other.
 */
export function toTerminal(table: Table, { color, width }: TerminalOptions): string {
  const paint = (style: (text: string) => string) => color ? style : (text: string) => text;
  const lines = [paint(bold)(plain(table.title)), ""];
  const all = tracksOf(drawBars(table));
  const shown = fitting(all, width);
  for (const { tracks, gap } of panels(shown, width)) {
    const join = (cells: string[]) => cells.join(" ".repeat(gap)).trimEnd();
    const row = (cells: readonly [Track, Cell][]) =>
      join(cells.map(([track, cell]) => paint(cell.warn ? red : String)(pad(cell.text, track))));
    const rule = paint(dim)("─".repeat(span(tracks, gap)));
    lines.push(
      ...headerLines(tracks).map((cells) => paint(bold)(join(cells))),
      rule,
      ...table.rows.map((_, index) => row(tracks.map((track) => [track, track.body[index]!]))),
      ...(table.footer.length > 0 ? [rule] : []),
      ...table.footer.map((_, index) => row(tracks.map((track) => [track, track.foot[index]!]))),
      "",
    );
  }
  const notes = [...hiddenNotes(all, shown), ...table.notes];
  for (const note of notes) lines.push(...hanging(plain(note), width).map(paint(dim)));
  return lines.join("\n") + "\n";
}

/** Paragraphs, each wrapped to the width. */
export function paragraphs(texts: readonly string[], { width }: TerminalOptions): string {
  return texts.flatMap((text) => hanging(plain(text), width)).join("\n") + "\n";
}

/** The columns left out, if any. */
function hiddenNotes(all: readonly Track[], shown: readonly Track[]): string[] {
  const hidden = all.filter((track) => !shown.includes(track)).map(({ header }) => header);
  return hidden.length === 0 ? [] : [
    `Not shown: ${hidden.join(", ")}; see the CSV file, or use a terminal of ${
      span(all, GAP)
    } columns.`,
  ];
}

/** Columns of the terminal for a bar: with a count it fits below the headers of Table 30.2. */
const BAR_WIDTH = 4;

/** The table with its bars as text. Footer cells stay aligned with the numbers. */
function drawBars(table: Table): Table {
  const widths = table.columns.map((_, column) =>
    table.rows.some((row) => row[column]!.bar !== undefined)
      ? Math.max(...table.rows.map((row) => row[column]!.text.length))
      : null
  );
  const draw = (behind: (cell: Cell, width: number) => string) => (row: readonly Cell[]) =>
    row.map((cell, column) => {
      const width = widths[column]!;
      return width === null ? cell : { ...cell, text: cell.text + behind(cell, width) };
    });
  const space = ({ text }: Cell, width: number) =>
    " ".repeat(Math.max(0, 1 + BAR_WIDTH - Math.max(0, text.length - width)));
  return {
    ...table,
    rows: table.rows.map(draw(({ bar: share = 0 }) => ` ${bar(share, BAR_WIDTH)}`)),
    footer: table.footer.map(draw(space)),
  };
}

/** A paragraph with a hanging indent. */
function hanging(text: string, width: number): string[] {
  const lines = wrap(text.match(/\S+\s*/g) ?? [], width - 2);
  return lines.map((line, index) => index === 0 ? line : `  ${line}`);
}
