/**
 * The columns of a table as displayed side by side: how wide they are, and what fits.
 *
 * @module
 */
import { type Cell, plain, type Table } from "./table.ts";

/** A column with its cells, as displayed. */
export interface Track {
  readonly header: string;
  readonly left: boolean;
  readonly key: boolean;
  readonly detail: boolean;
  readonly width: number;
  readonly body: readonly Cell[];
  readonly foot: readonly Cell[];
}

/** The columns for people, with their texts. */
export function tracksOf({ columns, rows, footer }: Table): Track[] {
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

/** The columns to show at a width: without the details if all of them do not fit. */
export function fitting(all: Track[], width: number): Track[] {
  return span(all, GAP) <= width ? all : all.filter(({ detail }) => !detail);
}

/** Spaces between columns; one if a table fits only then. */
export const GAP = 2;

/** A single panel if everything fits, with narrow gaps if necessary; otherwise several. */
export function panels(tracks: Track[], width: number): { tracks: Track[]; gap: number }[] {
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

/** The width of columns beside each other. */
export function span(tracks: readonly Track[], gap: number): number {
  return tracks.reduce((sum, track) => sum + track.width + gap, -gap);
}

/** The headers wrapped to the column widths and aligned at the bottom. */
export function headerLines(tracks: readonly Track[]): string[][] {
  const wrapped = tracks.map((track) => wrap(pieces(track.header), track.width));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from(
    { length: height },
    (_, line) =>
      wrapped.map((lines, index) => pad(lines[line - height + lines.length] ?? "", tracks[index]!)),
  );
}

/** A text as wide as its column. */
export function pad(text: string, { left, width }: Track): string {
  const space = " ".repeat(Math.max(0, width - columnsOf(text)));
  return left ? text + space : space + text;
}

/** The parts at which a header may wrap: words, and parts of words that end in a hyphen. */
function pieces(header: string): string[] {
  return header.match(/([^\s-]*-+|[^\s-]+)\s*/g) ?? [];
}

/** Lines of at most this width. */
export function wrap(pieces: readonly string[], width: number): string[] {
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
