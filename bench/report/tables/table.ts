/**
 * Tables, and how to write them as Markdown and CSV.
 *
 * A cell holds both its exact value and its text: programs get all digits, people get rounded numbers.
 *
 * @module
 */

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
  /** Of interest to some readers only: shown where there is room, or on demand. */
  readonly detail?: boolean;
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
export function toMarkdown({ title, columns, rows, footer, notes }: Table): string {
  const shown = columns.map((_, index) => index).filter((index) => columns[index]!.only !== "csv");
  const line = (textOf: (index: number) => string) => `| ${shown.map(textOf).join(" | ")} |`;
  const text = (row: readonly Cell[], index: number) => escapeMarkdown(row[index]!.text);
  const grid = shown.length === 0 ? [] : [
    line((index) => escapeMarkdown(columns[index]!.header)),
    line((index) => columns[index]!.align === "left" ? ":--" : "--:"),
    ...rows.map((row) => line((index) => text(row, index))),
    ...footer.map((row) => line((index) => `**${text(row, index)}**`)),
    "",
  ];
  const list = notes.map((note) => `- ${escapeMarkdown(note)}`);
  return [`# ${escapeMarkdown(title)}`, "", ...grid, ...list].join("\n") + "\n";
}

/** CSV quoted as in RFC 4180, with LF line ends. Numbers are not rounded. */
export function toCsv(table: Table): string {
  const written = table.columns.map((column) => column.only !== "text");
  const line = (cells: readonly (string | number | null)[]) =>
    cells.filter((_, index) => written[index]).map(quote).join(",") + "\n";
  const header = line(table.columns.map((column) => column.field));
  return header + table.rows.map((row) => line(row.map((cell) => cell.value))).join("");
}

function fixed(value: number, decimals: number): string {
  return (value < 0 ? MINUS : "") + Math.abs(value).toFixed(decimals);
}

/** JSON without raw control characters or line separators, which `JSON.stringify` leaves in part. */
export function plainJson(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Text of a record made safe for a terminal: no line breaks, no escape sequences. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

function escapeMarkdown(text: string): string {
  return plain(text).replace(/[\\`*_|<>[\]]/g, "\\$&");
}

function quote(value: string | number | null): string {
  const text = plain(String(value ?? ""));
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
