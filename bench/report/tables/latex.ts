/**
 * Tables as LaTeX, to be included in a document. They need no package.
 *
 * @module
 */
import { type Cell, plain, type Table } from "./table.ts";
import { fitting, headerLines, panels, type Track, tracksOf } from "./tracks.ts";

/** Characters that fit beside each other in the text of an article, at this size of type. */
const WIDTH = 78;

/** Space between columns and lines, in one table only. */
const SPACE = "\\setlength{\\tabcolsep}{3pt}\\renewcommand{\\arraystretch}{1.1}";

/** A table, in parts if it is too wide for a page, and its notes as paragraphs below. */
export function toLatex(table: Table): string {
  const parts = panels(fitting(tracksOf(table), WIDTH), WIDTH);
  const floats = parts.map(({ tracks }, index) => {
    const part = parts.length > 1 ? `, part ${index + 1} of ${parts.length}` : "";
    return float(tracks, table, `${captionOf(table.title)}${part}`);
  });
  const notes = table.notes.map((note) => `\\par\\noindent ${escapeLatex(note)}\n`);
  return [...floats, ...(notes.length > 0 ? [`{\\footnotesize\n${notes.join("")}\\par}\n`] : [])]
    .join("\n");
}

function float(tracks: readonly Track[], { rows, footer }: Table, caption: string): string {
  const line = (cells: readonly string[]) => `${cells.map(escapeLatex).join(" & ")} \\\\`;
  const lines = (cellsOf: (track: Track) => readonly Cell[], count: number) =>
    Array.from(
      { length: count },
      (_, row) => line(tracks.map((track) => cellsOf(track)[row]!.text)),
    );
  return [
    "\\begin{table}[htbp]",
    `\\caption{${escapeLatex(caption)}}`,
    `\\centering\\footnotesize${SPACE}`,
    `\\begin{tabular}{${tracks.map(({ left }) => left ? "l" : "r").join("")}}`,
    "\\hline",
    ...headerLines(tracks).map((cells) => line(cells.map((cell) => cell.trim()))),
    "\\hline",
    ...lines(({ body }) => body, rows.length),
    ...(footer.length > 0 ? ["\\hline", ...lines(({ foot }) => foot, footer.length)] : []),
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
