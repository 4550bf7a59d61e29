import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../../../servers/errors.ts";
import { selectColumns, sortTables } from "./select.ts";
import { numberCell, type Table, textCell } from "./table.ts";

const costs: Table = {
  title: "Costs",
  columns: [
    { header: "design", field: "design", align: "left" },
    { header: "CPU", field: "cpu", detail: true },
    { header: "exact", field: "exact", only: "csv" },
  ],
  rows: [
    [textCell("b"), numberCell(2, 0), numberCell(null, 0)],
    [textCell("a"), numberCell(10, 0), numberCell(-1, 0)],
    [textCell("c"), numberCell(-3, 0), numberCell(5, 0)],
  ],
  footer: [[textCell("sum"), numberCell(9, 0), numberCell(4, 0)]],
  notes: [],
};

const clients: Table = {
  ...costs,
  title: "Clients",
  columns: [{ header: "child", field: "child" }],
  rows: [[numberCell(1, 0)], [numberCell(0, 0)]],
  footer: [],
};

const order = (field: string) =>
  sortTables([costs, clients], field).map(({ rows }) => rows.map(([first]) => first!.value));

Deno.test("selectColumns() gives the tables with these columns, in this order, whatever they are for", () => {
  const [table, ...rest] = selectColumns([costs, clients], ["exact", "design"]);
  assertEquals(rest, []);
  assertEquals(table!.columns, [
    { header: "exact", field: "exact" },
    { header: "design", field: "design", align: "left" },
  ]);
  assertEquals(table!.rows.map((row) => row.map(({ value }) => value)), [
    [null, "b"],
    [-1, "a"],
    [5, "c"],
  ]);
  assertEquals(table!.footer[0]!.map(({ text }) => text), ["4", "sum"]);
});

Deno.test("sortTables() sorts by value in either direction, and leaves tables without the column", () => {
  assertEquals(order("cpu"), [["c", "b", "a"], [1, 0]]);
  assertEquals(order("-cpu"), [["a", "b", "c"], [1, 0]]);
  assertEquals(order("design")[0], ["a", "b", "c"]);
});

Deno.test("sortTables() puts rows without a value last in either direction", () => {
  assertEquals([order("exact")[0], order("-exact")[0]], [["a", "c", "b"], ["c", "a", "b"]]);
});

Deno.test("selectColumns() and sortTables() name all columns if they do not know one", () => {
  for (
    const [option, unknown] of [
      ["columns", () => selectColumns([costs, clients], ["design", "child_"])],
      ["sort", () => sortTables([costs, clients], "-child_")],
    ] as const
  ) {
    const error = assertThrows(unknown, UsageError);
    assertEquals(error.option, option);
    assertStringIncludes(
      error.message,
      '"child_": did you mean child? The columns are design, cpu, exact, child',
    );
  }
});
