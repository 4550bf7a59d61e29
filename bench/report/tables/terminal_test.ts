import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { numberCell, signedCell, type Table, textCell } from "./table.ts";
import { toTerminal } from "./terminal.ts";

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

const ESCAPE = "\u001b";

Deno.test("toTerminal() draws bars after the numbers of a column, but not in the footer", () => {
  const served = (text: string, bar: number) => [textCell(text), { value: 0, text, bar }];
  const columns = [{ header: "child", field: "child" }, { header: "clients", field: "clients" }];
  const rows = [served("1006", 1), served("250", 0.25), served("94", 3 / 32), served("0", 0)];
  const footer = [[textCell("sum"), numberCell(1350, 0)], [
    textCell("p even"),
    textCell("< 0.001"),
  ]];
  const text = toTerminal({ title: "", columns, rows, footer, notes: [] }, {
    color: false,
    width: 80,
  });
  assertEquals(text.split("\n").slice(4), [
    "  1006  1006 ████",
    "   250   250 █",
    "    94    94 ▍",
    "     0     0",
    "─────────────────",
    "   sum  1350",
    "p even  < 0.001",
    "",
    "",
  ]);
});

Deno.test("toTerminal() aligns names left, numbers right, and wraps headers", () => {
  assertEquals(
    toTerminal(table, { color: false, width: 80 }),
    [
      "Costs",
      "",
      "               CPU per",
      "design      connection  n",
      "─────────────────────────",
      "one             −0.123  7",
      "twenty-one     +12.500  –",
      "─────────────────────────",
      "sum             12.377  –",
      "",
      "Measured here.",
      "",
    ].join("\n"),
  );
});

Deno.test("toTerminal() wraps headers after hyphens", () => {
  const columns = [{ header: "prefork-file-lock", field: "" }];
  const text = toTerminal({ ...tableOf("1"), columns }, { color: false, width: 80 });
  assertStringIncludes(text, "prefork-\n   file-\n    lock\n");
});

Deno.test("toTerminal() narrows the gaps before it splits a table", () => {
  const widths = (width: number) => toTerminal(table, { color: false, width }).split("\n");
  assertStringIncludes(widths(24).join("\n"), "one            −0.123 7\n");
  const narrow = widths(22);
  assertEquals(narrow.filter((line) => line.startsWith("twenty-one")), [
    "twenty-one     +12.500",
    "twenty-one  –",
  ]);
  assert(narrow.every((line) => line.length <= 22));
});

Deno.test("toTerminal() wraps notes at the width", () => {
  const notes = ["Values are medians over rounds, and so on."];
  const lines = toTerminal({ ...table, notes }, { color: false, width: 30 }).split("\n");
  assertEquals(lines.slice(-3), ["Values are medians over", "  rounds, and so on.", ""]);
});

Deno.test("toTerminal() counts the columns of each character", () => {
  const rows = [[textCell("日本"), numberCell(1, 0)], [textCell("e\u0301"), numberCell(2, 0)]];
  const columns = [{ header: "a", field: "a", align: "left" as const }, {
    header: "b",
    field: "b",
  }];
  const text = toTerminal({ ...table, columns, rows, footer: [] }, { color: false, width: 80 });
  assertStringIncludes(text, "日本  1\ne\u0301     2\n");
});

Deno.test("toTerminal() removes escape sequences of a record", () => {
  const text = toTerminal(
    { ...tableOf(`a${ESCAPE}[2Jb`), title: `t${ESCAPE}c`, notes: [`n${ESCAPE}[0m\nx`] },
    { color: false, width: 80 },
  );
  assert(!text.includes(ESCAPE));
});

Deno.test("toTerminal() leaves out details without the room for them, and names them", () => {
  const columns = table.columns.map((column) => ({ ...column, detail: column.header === "n" }));
  const text = (width: number) => toTerminal({ ...table, columns }, { color: false, width });
  assertEquals(text(25), toTerminal(table, { color: false, width: 25 }));
  assertEquals(text(24).split("\n").slice(2), [
    "               CPU per",
    "design      connection",
    "──────────────────────",
    "one             −0.123",
    "twenty-one     +12.500",
    "──────────────────────",
    "sum             12.377",
    "",
    "Not shown: n; see the",
    "  CSV file, or use a",
    "  terminal of 25",
    "  columns.",
    "Measured here.",
    "",
  ]);
});
