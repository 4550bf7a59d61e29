import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { escapeLatex, toLatex } from "./latex.ts";
import { numberCell, signedCell, type Table, textCell } from "./table.ts";

const table: Table = {
  title: "Table 30.1: cost of each design",
  columns: [
    { header: "design", field: "design", align: "left", key: true },
    { header: "CPU µs", field: "cpu" },
    { header: "share", field: "share", only: "csv" },
  ],
  rows: [
    [textCell("a_b"), signedCell(-0.5, 1), numberCell(1, 0)],
    [textCell("[c]"), numberCell(Infinity, 1), numberCell(1, 0)],
  ],
  footer: [[textCell("sum"), numberCell(null, 1), textCell(null)]],
  notes: ["p < 5 %."],
};

Deno.test("toLatex() writes a table that needs no package, with its notes below", () => {
  const { length, ...lines } = toLatex(table).split("\n");
  assertEquals(Object.values(lines).slice(0, length), [
    "\\begin{table}[htbp]",
    "\\caption{Cost of each design (Table 30.1)}",
    "\\centering\\footnotesize\\setlength{\\tabcolsep}{3pt}\\renewcommand{\\arraystretch}{1.1}",
    "\\begin{tabular}{lr}",
    "\\hline",
    " & CPU \\\\",
    "design & $\\mu$s \\\\",
    "\\hline",
    "a\\_b & $-$0.5 \\\\",
    "{[}c] & $\\infty$ \\\\",
    "\\hline",
    "sum & -- \\\\",
    "\\hline",
    "\\end{tabular}",
    "\\end{table}",
    "",
    "{\\footnotesize",
    "\\par\\noindent p $<$ 5 \\%.",
    "\\par}",
    "",
  ]);
});

Deno.test("toLatex() splits a table that is too wide for a page, and repeats what names its rows", () => {
  const wide = Array.from(
    { length: 30 },
    (_, index) => ({ header: `c${index}`, field: `${index}` }),
  );
  const columns = [{ header: "design", field: "design", key: true }, ...wide];
  const rows = [columns.map(({ field }) => textCell(field))];
  const text = toLatex({ ...table, columns, rows, footer: [] });
  const parts = text.match(/\\begin\{tabular\}/g)!.length;
  assert(parts > 1);
  assertEquals(text.match(/^design /gm)!.length, 2 * parts);
  assertStringIncludes(text, `, part ${parts} of ${parts}}`);
});

Deno.test("toLatex() splits a table that is too high for a page, and has every row once", () => {
  const rows = Array.from({ length: 100 }, (_, index) => [
    textCell(`row ${index}`),
    ...table.rows[0]!.slice(1),
  ]);
  const text = toLatex({ ...table, rows });
  const names = text.match(/^row \d+/gm);
  assertEquals(names, rows.map(([name]) => name!.text));
  assertEquals(text.match(/\\begin\{table\}/g)!.length, 3);
  // The sum stands below the last.
  assertEquals(text.match(/^sum /gm)!.length, 1);
  assert(text.indexOf("row 99") < text.indexOf("sum "));
});

Deno.test("escapeLatex() leaves nothing that LaTeX would take for its own, and no text out", () => {
  assertEquals(
    escapeLatex("50 % of $x_1 & {y}#\\~^"),
    "50 \\% of \\$x\\_1 \\& \\{y\\}\\#" +
      "\\textbackslash{}\\textasciitilde{}\\textasciicircum{}",
  );
  assertEquals(escapeLatex("3 µs − 2 × 1…"), "3 $\\mu$s $-$ 2 $\\times$ 1\\ldots{}");
  assertEquals(escapeLatex("--pin -1"), "-{}-pin -1");
  assertEquals(escapeLatex("Zoë 中\n🙂"), "Zoë (U+4E2D) (U+1F642)");
});

Deno.test("escapeLatex() gives the usual fonts only characters that they have", () => {
  const all = Array.from({ length: 0xffff }, (_, code) => String.fromCharCode(code))
    .filter((character) => !/[\ud800-\udfff]/.test(character)).join("");
  const kept = escapeLatex(all).replace(/[\x20-\x7e]/g, "");
  assertEquals(kept.replace(/[À-ÿ]/g, ""), "");
});
