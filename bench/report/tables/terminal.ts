/**
 * Tables in a terminal.
 *
 * @module
 */
import { bold, dim, red } from "@std/fmt/colors";
import { bar } from "./bar.ts";
import { type Cell, plain, type Table } from "./table.ts";

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
  const shown = span(all, GAP) <= width ? all : all.filter(({ detail }) => !detail);
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

/** A column with its cells, as displayed. */
interface Track {
  readonly header: string;
  readonly left: boolean;
  readonly key: boolean;
  readonly detail: boolean;
  readonly width: number;
  readonly body: readonly Cell[];
  readonly foot: readonly Cell[];
}

function tracksOf({ columns, rows, footer }: Table): Track[] {
  return columns.flatMap((column, index) => {
    if (column.only === "csv") return [];
    const cellOf = (row: readonly Cell[]) => ({ ...row[index]!, text: plain(row[index]!.text) });
    const [header, body, foot] = [plain(column.header), rows.map(cellOf), footer.map(cellOf)];
    const texts = [...body, ...foot].map((cell) => cell.text).concat(pieces(header));
    const width = Math.max(...texts.map((text) => columnsOf(text.trimEnd())));
    const { align, key = false, detail = false } = column;
    return [{ header, left: align === "left", key, detail, width, body, foot }];
  });
}

/** Spaces between columns; one if a table fits only then. */
const GAP = 2;

/** A single panel if everything fits, with narrow gaps if necessary; otherwise several. */
function panels(tracks: Track[], width: number): { tracks: Track[]; gap: number }[] {
  const gap = [GAP, 1].find((gap) => span(tracks, gap) <= width);
  if (gap !== undefined) return tracks.length > 0 ? [{ tracks, gap }] : [];
  const keys = tracks.filter((track) => track.key);
  const found: Track[][] = [];
  for (const track of tracks.filter((track) => !track.key)) {
    const last = found.at(-1);
    if (last && span([...last, track], GAP) <= width) last.push(track);
    else found.push([...keys, track]);
  }
  return found.map((tracks) => ({ tracks, gap: GAP }));
}

function span(tracks: readonly Track[], gap: number): number {
  return tracks.reduce((sum, track) => sum + track.width + gap, -gap);
}

/** The headers wrapped to the column widths and aligned at the bottom. */
function headerLines(tracks: readonly Track[]): string[][] {
  const wrapped = tracks.map((track) => wrap(pieces(track.header), track.width));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from(
    { length: height },
    (_, line) =>
      wrapped.map((lines, index) => pad(lines[line - height + lines.length] ?? "", tracks[index]!)),
  );
}

function pad(text: string, { left, width }: Track): string {
  const space = " ".repeat(Math.max(0, width - columnsOf(text)));
  return left ? text + space : space + text;
}

/** The parts at which a header may wrap: words, and parts of words that end in a hyphen. */
function pieces(header: string): string[] {
  return header.match(/([^\s-]*-+|[^\s-]+)\s*/g) ?? [];
}

/** A paragraph with a hanging indent. */
function hanging(text: string, width: number): string[] {
  const lines = wrap(text.match(/\S+\s*/g) ?? [], width - 2);
  return lines.map((line, index) => index === 0 ? line : `  ${line}`);
}

function wrap(pieces: readonly string[], width: number): string[] {
  const lines = [""];
  for (const piece of pieces) {
    const line = lines.at(-1)!;
    if (line && columnsOf((line + piece).trimEnd()) > width) lines.push(piece);
    else lines[lines.length - 1] = line + piece;
  }
  return lines.map((line) => line.trimEnd());
}

/** Columns of a text in a terminal: two for East Asian and emoji, none for combining marks. */
function columnsOf(text: string): number {
  const wide =
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Emoji_Presentation}/u;
  const seen = [...text].filter((character) => !/\p{M}|\p{Cf}/u.test(character));
  return seen.reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0);
}
