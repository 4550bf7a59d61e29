import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { record, type TrialFixture } from "../testing_fixture.ts";
import { type DesignInfo, summarize } from "../summary/summary.ts";
import { table302 } from "./table_30_2.ts";

const registry: DesignInfo[] = [
  { id: "iterative", title: "Baseline", children: "none", accepts: "the process", row: 0 },
  {
    id: "each",
    title: "A child per client",
    children: "fork",
    accepts: "every child",
    row: 1,
    lifetime: "client",
  },
  {
    id: "shared",
    title: "Shared accept",
    children: "fork",
    accepts: "every child",
    row: 2,
    lifetime: "pool",
  },
  {
    id: "passing",
    title: "Descriptor passing",
    children: "fork",
    accepts: "every child",
    row: 5,
    lifetime: "pool",
  },
];

const tableOf = (trials: readonly TrialFixture[], options?: { book: boolean }) =>
  table302(summarize(record(trials), registry), options);

/** The texts of rows. */
const texts = (rows: readonly (readonly { text: string }[])[]) =>
  rows.map((row) => row.map(({ text }) => text));

Deno.test("table302() has a column per design, a row per child, sums and evenness", () => {
  const { columns, rows, footer } = tableOf([
    { design: "shared", round: 1, children: [350, 320, 330] },
    { design: "passing", round: 2, children: [900, 100, 0] },
  ]);
  assertEquals(columns.map(({ header }) => header), ["child", "shared", "passing"]);
  assertEquals(texts(rows), [["0", "350", "900"], ["1", "320", "100"], ["2", "330", "0"]]);
  assertEquals(texts(footer), [
    ["sum", "1000", "1000"],
    ["max/min", "1.09", "∞"],
    ["p even", "0.50", "< 0.001"],
    ["round", "1", "2"],
  ]);
});

Deno.test("table302() has the book's columns beside the designs of their rows", () => {
  const trials = [{ design: "shared", children: [400, 600] }];
  const { columns, rows, footer, notes } = tableOf(trials, { book: true });
  assertEquals(columns.map(({ header }) => header), [
    "child",
    "shared",
    "book row 2 DUnix",
    "book row 2 BSD/OS",
  ]);
  // The book always has 15 children.
  assertEquals(texts(rows.slice(1, 3)), [["1", "600", "343", "340"], ["2", "–", "326", "335"]]);
  assertEquals(rows.length, 15);
  assertEquals(texts(footer)[0], ["sum", "1000", "5000", "5000"]);
  assertStringIncludes(notes.join("\n"), "decades ago");
});

Deno.test("table302() lists the designs without a column, with the reason", () => {
  const { notes } = tableOf([
    { design: "iterative" },
    { design: "each" },
    { design: "shared", failed: "timed out" },
    { design: "passing", children: [500, 500] },
  ]);
  assertStringIncludes(
    notes.join("\n"),
    "No column: iterative (no children), each (a child per client), shared (no valid trial).",
  );
});

Deno.test("table302() has a note if no design has a pool", () => {
  const { rows, footer, notes } = tableOf([{ design: "iterative" }], { book: true });
  assertEquals([rows.length, footer.length], [0, 0]);
  assertStringIncludes(notes.join("\n"), "No design with a pool");
  assert(!notes.join("\n").includes("Book"));
});

Deno.test("table302() distinguishes turns, random and preference, in all columns", () => {
  const { footer, notes } = tableOf([{ design: "shared", children: [333, 333, 334] }], {
    book: true,
  });
  const [even] = texts(footer.filter(([label]) => label!.value === "p even"));
  // Children take turns here, and on one of the book's two systems.
  assertEquals(even, ["p even", "1.00", "0.44", "1.00"]);
  assertStringIncludes(notes.join("\n"), "chi-square");
});

Deno.test("table302() does not test the evenness of a single child or of very few connections", () => {
  const { footer } = tableOf([
    { design: "shared", children: [1000] },
    { design: "passing", children: [3, 1, 2] },
  ]);
  assertEquals(texts(footer)[2], ["p even", "–", "–"]);
});
