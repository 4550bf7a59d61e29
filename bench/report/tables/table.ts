/**
 * Tables, and how to write them as Markdown, as CSV and for a terminal.
 *
 * A cell holds both its exact value and its text: programs get all digits, people get rounded numbers.
 *
 * @module
 */
import { bold, dim, red } from "@std/fmt/colors";
import { bar as drawBar } from "./bar.ts";

/** One cell. */
export interface Cell {
  /** For programs; null: no value. */
  readonly value: number | string | null;
  /** For people. */
  readonly text: string;
  /** Whether to highlight it. */
  readonly warn?: boolean;
  /** Length of a bar drawn after the text in a terminal, 0 to 1. All cells of a column have one, or none. */
  readonly bar?: number;
}

/** One column. */
export interface Column {
  /** For people; may wrap at spaces and after hyphens. */
  readonly header: string;
  /** Name in CSV, with the unit. */
  readonly field: string;
  /** Default: right, for numbers. */
  readonly align?: "left";
  /** Names the row. Repeated in each part of a table that is too wide for the terminal. */
  readonly key?: boolean;
  /** Where it is written; default: everywhere. */
  readonly only?: "csv" | "text";
}

/** A table with notes. Cells and columns match by index. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  /** Summary rows, such as sums: for people only. */
  readonly footer: readonly (readonly Cell[])[];
  readonly notes: readonly string[];
}

/** Options of the terminal output. */
export interface TerminalOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
}

const MINUS = "−";

/** A cell with text; null is a dash. */
export function textCell(value: string | null): Cell {
  return { value, text: value ?? "–" };
}

/** A cell with a number rounded to some decimals; null is a dash. */
export function numberCell(value: number | null | undefined, decimals: number): Cell {
  if (value === null || value === undefined) return { value: null, text: "–" };
  return { value, text: Number.isFinite(value) ? fixed(value, decimals) : "∞" };
}

/** A difference as text, always with its sign unless it is exactly 0. */
export function signedText(value: number, decimals: number): string {
  return signedCell(value, decimals).text;
}

/** A cell with a difference. */
export function signedCell(value: number | null | undefined, decimals: number): Cell {
  const { value: exact, text } = numberCell(value, decimals);
  return { value: exact, text: Number(exact) > 0 ? `+${text}` : text };
}

/** A number with three significant digits, and at least its whole part. */
export function short(value: number): string {
  const whole = Math.abs(value) >= 100 ? 0 : 3 - Math.max(1, String(Math.trunc(value)).length);
  return Math.abs(value) >= 1 ? fixed(value, whole) : String(Number(value.toPrecision(3)));
}

/** GitHub-flavored Markdown. */
export function toMarkdown(table: Table): string {
  const tracks = tracksOf(table, escapeMarkdown);
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const rule = tracks.map((track) => track.left ? ":--" : "--:");
  const grid = tracks.length === 0 ? [] : [
    line(tracks.map((track) => track.header)),
    line(rule),
    ...table.rows.map((_, row) => line(tracks.map((track) => track.body[row]!.text))),
    ...table.footer.map((_, row) => line(tracks.map((track) => `**${track.foot[row]!.text}**`))),
    "",
  ];
  const notes = table.notes.map((note) => `- ${escapeMarkdown(note)}`);
  return [`# ${escapeMarkdown(table.title)}`, "", ...grid, ...notes].join("\n") + "\n";
}

/** CSV quoted as in RFC 4180, with LF line ends. Numbers are not rounded. */
export function toCsv(table: Table): string {
  const written = table.columns.map((column) => column.only !== "text");
  const line = (cells: readonly (string | number | null)[]) =>
    cells.filter((_, index) => written[index]).map(quote).join(",") + "\n";
  const header = line(table.columns.map((column) => column.field));
  return header + table.rows.map((row) => line(row.map((cell) => cell.value))).join("");
}

/** Aligned columns. A table too wide for the terminal is split into parts below each other. */
export function toTerminal(table: Table, { color, width }: TerminalOptions): string {
  const paint = (style: (text: string) => string) => color ? style : (text: string) => text;
  const lines = [paint(bold)(plain(table.title)), ""];
  for (const { tracks, gap } of panels(tracksOf(drawBars(table), plain), width)) {
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
  for (const note of table.notes) lines.push(...hanging(plain(note), width).map(paint(dim)));
  return lines.join("\n") + "\n";
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
    rows: table.rows.map(draw(({ bar = 0 }) => ` ${drawBar(bar, BAR_WIDTH)}`)),
    footer: table.footer.map(draw(space)),
  };
}

/** A column with its cells, as displayed. */
interface Track {
  readonly header: string;
  readonly left: boolean;
  readonly key: boolean;
  readonly width: number;
  readonly body: readonly Cell[];
  readonly foot: readonly Cell[];
}

function tracksOf({ columns, rows, footer }: Table, clean: (text: string) => string): Track[] {
  return columns.flatMap((column, index) => {
    if (column.only === "csv") return [];
    const cellOf = (row: readonly Cell[]) => ({ ...row[index]!, text: clean(row[index]!.text) });
    const [header, body, foot] = [clean(column.header), rows.map(cellOf), footer.map(cellOf)];
    const texts = [...body, ...foot].map((cell) => cell.text).concat(pieces(header));
    const width = Math.max(...texts.map((text) => columnsOf(text.trimEnd())));
    const { align, key = false } = column;
    return [{ header, left: align === "left", key, width, body, foot }];
  });
}

/** A single panel if everything fits, with narrow gaps if necessary; otherwise several. */
function panels(tracks: Track[], width: number): { tracks: Track[]; gap: number }[] {
  const gap = [2, 1].find((gap) => span(tracks, gap) <= width);
  if (gap !== undefined) return tracks.length > 0 ? [{ tracks, gap }] : [];
  const keys = tracks.filter((track) => track.key);
  const found: Track[][] = [];
  for (const track of tracks.filter((track) => !track.key)) {
    const last = found.at(-1);
    if (last && span([...last, track], 2) <= width) last.push(track);
    else found.push([...keys, track]);
  }
  return found.map((tracks) => ({ tracks, gap: 2 }));
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

function fixed(value: number, decimals: number): string {
  return (value < 0 ? MINUS : "") + Math.abs(value).toFixed(decimals);
}

/** Text of a record made safe for a terminal: no line breaks, no escape sequences. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

function escapeMarkdown(text: string): string {
  return plain(text).replace(/[\\`*_|<>[\]]/g, "\\$&");
}

function quote(value: string | number | null): string {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
