import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  numberCell,
  signedCell,
  signedText,
  type Table,
  textCell,
  toCsv,
  toMarkdown,
} from "./table.ts";

const table: Table = {
  title: "Costs",
  columns: [
    { header: "design", field: "design", align: "left", key: true },
    { header: "CPU per connection", field: "cpu_seconds" },
    { header: "n", field: "rounds", only: "text" },
    { header: "share", field: "share", only: "csv" },
  ],
  rows: [
    [textCell("one"), signedCell(-0.123456, 3), numberCell(7, 0), numberCell(0.25, 2)],
    [textCell("twenty-one"), signedCell(12.5, 3), numberCell(null, 0), numberCell(Infinity, 2)],
  ],
  footer: [[textCell("sum"), numberCell(12.376544, 3), textCell(null), textCell(null)]],
  notes: ["Measured here."],
};

/** A table with a single cell. */
function tableOf(text: string): Table {
  const columns = [{ header: "design", field: "design" }];
  return { title: "One", columns, rows: [[textCell(text)]], footer: [], notes: [] };
}

Deno.test("numberCell() and signedCell() round for people and keep the value", () => {
  assertEquals(numberCell(1.23456, 2), { value: 1.23456, text: "1.23" });
  assertEquals(numberCell(-1.5, 1), { value: -1.5, text: "−1.5" });
  assertEquals(signedText(0.5, 3), "+0.500");
  assertEquals(signedCell(-0.0001, 3), { value: -0.0001, text: "−0.000" });
  assertEquals(signedText(0, 3), "0.000");
  assertEquals(numberCell(Infinity, 2).text, "∞");
});

Deno.test("numberCell() shows a missing number as a dash, not as 0", () => {
  assertEquals(numberCell(null, 2), { value: null, text: "–" });
  assertEquals(numberCell(undefined, 2), { value: null, text: "–" });
});

Deno.test("toCsv() writes numbers with all digits, and nothing for missing values", () => {
  assertEquals(
    toCsv({
      ...table,
      rows: [...table.rows, [textCell(null), numberCell(null, 1), textCell(""), numberCell(0, 1)]],
    }),
    "design,cpu_seconds,share\n" +
      "one,-0.123456,0.25\n" +
      "twenty-one,12.5,Infinity\n" +
      ",,0\n",
  );
});

Deno.test("toCsv() quotes commas and quotes as in RFC 4180, and has no control characters", () => {
  assertEquals(toCsv(tableOf('a "b", c')), 'design\n"a ""b"", c"\n');
  assertEquals(toCsv(tableOf("a\r\nb\x1b[31mc\x9b")), "design\na b [31mc \n");
  assertEquals(toCsv(tableOf("a b")), "design\na b\n");
});

Deno.test("toMarkdown() writes a table with aligned columns, sums and notes", () => {
  assertEquals(
    toMarkdown(table),
    [
      "# Costs",
      "",
      "| design | CPU per connection | n |",
      "| :-- | --: | --: |",
      "| one | −0.123 | 7 |",
      "| twenty-one | +12.500 | – |",
      "| **sum** | **12.377** | **–** |",
      "",
      "- Measured here.",
      "",
    ].join("\n"),
  );
});

Deno.test("toMarkdown() escapes cells", () => {
  assertStringIncludes(toMarkdown(tableOf("a|b\n<i>_c_")), "| a\\|b \\<i\\>\\_c\\_ |");
});
