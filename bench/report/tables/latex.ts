/**
 * Tables as LaTeX, to be included in a document. They need no package.
 *
 * @module
 */
import { plain, type Table } from "./table.ts";
import { fitting, headerLines, panels, type Track, tracksOf } from "./tracks.ts";

/** Characters that fit beside each other in the text of an article, at this size of type. */
const WIDTH = 78;

/** Space between columns and lines, in one table only. */
const SPACE = "\\setlength{\\tabcolsep}{3pt}\\renewcommand{\\arraystretch}{1.1}";

/** Rows that fit below each other on a page. */
const HEIGHT = 42;

/** LaTeX holds back only so many tables until it has a page for them: after these it is told to print them. */
const FLOATS = 12;

/** Rows of a table, and which of its columns. */
interface Part {
  readonly tracks: readonly Track[];
  readonly from: number;
  readonly to: number;
}

/** A table, in parts if it is too wide or too high for a page, and its notes as paragraphs below. */
export function toLatex(table: Table): string {
  const count = table.rows.length;
  const starts = Array.from(
    { length: Math.max(1, Math.ceil(count / HEIGHT)) },
    (_, i) => HEIGHT * i,
  );
  const parts = panels(fitting(tracksOf(table), WIDTH), WIDTH).flatMap(({ tracks }) =>
    starts.map((from): Part => ({ tracks, from, to: Math.min(count, from + HEIGHT) }))
  );
  const floats = parts.map((part, index) => {
    const which = parts.length > 1 ? `, part ${index + 1} of ${parts.length}` : "";
    const place = index > 0 && index % FLOATS === 0 ? "\\clearpage\n" : "";
    return place + float(part, table, `${captionOf(table.title)}${which}`);
  });
  const notes = table.notes.map((note) => `\\par\\noindent ${escapeLatex(note)}\n`);
  return [...floats, ...(notes.length > 0 ? [`{\\footnotesize\n${notes.join("")}\\par}\n`] : [])]
    .join("\n");
}

function float({ tracks, from, to }: Part, { rows, footer }: Table, caption: string): string {
  const line = (cells: readonly string[]) => `${cells.map(escapeLatex).join(" & ")} \\\\`;
  const body = Array.from(
    { length: to - from },
    (_, index) => line(tracks.map((track) => track.body[from + index]!.text)),
  );
  const foot = to < rows.length
    ? []
    : footer.map((_, index) => line(tracks.map((track) => track.foot[index]!.text)));
  return [
    "\\begin{table}[htbp]",
    `\\caption{${escapeLatex(caption)}}`,
    `\\centering\\footnotesize${SPACE}`,
    `\\begin{tabular}{${tracks.map(({ left }) => left ? "l" : "r").join("")}}`,
    "\\hline",
    ...headerLines(tracks).map((cells) => line(cells.map((cell) => cell.trim()))),
    "\\hline",
    ...body,
    ...(foot.length > 0 ? ["\\hline", ...foot] : []),
    "\\hline",
    "\\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
}

/** LaTeX numbers tables itself: the number in the book follows the words. */
function captionOf(title: string): string {
  const [, number, what] = title.match(/^(Table [\d.]+): (.+)$/) ?? [];
  return what === undefined ? title : `${what[0]!.toUpperCase()}${what.slice(1)} (${number})`;
}

/** What stands for a character that means something to LaTeX, or that its usual fonts do not have. */
const CHARACTERS: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "$": "\\$",
  "&": "\\&",
  "#": "\\#",
  "_": "\\_",
  "%": "\\%",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "$<$",
  ">": "$>$",
  "|": "$|$",
  '"': "\\char34{}",
  "`": "{}\\char96{}",
  // At the start of a row they would belong to the end of the one before.
  "[": "{[}",
  "*": "{*}",
  "−": "$-$",
  "µ": "$\\mu$",
  "μ": "$\\mu$",
  "×": "$\\times$",
  "±": "$\\pm$",
  "·": "$\\cdot$",
  "∞": "$\\infty$",
  "≤": "$\\le$",
  "≥": "$\\ge$",
  "≈": "$\\approx$",
  "→": "$\\to$",
  "…": "\\ldots{}",
  "–": "--",
  "—": "---",
  "§": "\\S{}",
  "‘": "`",
  "’": "'",
  "“": "``",
  "”": "''",
};

/** Text for LaTeX. What it cannot print by itself is given by number. */
export function escapeLatex(text: string): string {
  return plain(text).replace(/-(?=-)|[^A-Za-z0-9 -]/gu, (character) => {
    if (character === "-") return "-{}";
    const escaped = CHARACTERS[character];
    if (escaped !== undefined) return escaped;
    if (/[ -~À-ÏÑ-ÖØ-Ýß-ïñ-öø-ýÿ]/.test(character)) return character;
    return `(U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")})`;
  });
}
