import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import type { Recorded } from "../../record/record.ts";
import { deriveFiles } from "../derive.ts";
import { renderTerminal } from "../print.ts";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";
import { reportData } from "./report_data.ts";
import { seriesOf } from "./series.ts";
import { summarize } from "./summary.ts";
import { sweepData, sweepPoints } from "./sweep.ts";
import { sweepTable } from "../tables/sweep_table.ts";

const POOL = "prefork-shared-accept";

/** A sweep of a pool over its children, with a baseline of 0.1 s in each of three rounds. */
function overChildren(...more: TrialFixture[]): Recorded {
  return record([
    ...rounds("iterative", [0.1, 0.1, 0.1]),
    ...rounds(POOL, [0.2, 0.21, 0.22], { poolSize: 15 }),
    ...rounds(POOL, [0.4, 0.41, 0.42], { poolSize: 30 }),
    ...more,
  ], { sweep: { parameter: "children", values: [30, 15] } });
}

/** The texts of its table, by column header. */
function rowsOf(recorded: Recorded): Record<string, string>[] {
  const { columns, rows } = sweepTable(
    summarize(recorded),
    sweepData(recorded.run, seriesOf(recorded.trials))!,
  );
  return rows.map((cells) =>
    Object.fromEntries(
      columns.flatMap(({ header, only }, i) => only === "csv" ? [] : [[header, cells[i]!.text]]),
    )
  );
}

Deno.test("sweepPoints() gives a run per value, with the baselines of the same work", () => {
  const points = sweepPoints(overChildren());
  assertEquals(points.map(({ value }) => value), [30, 15]);
  for (const { value, summary: { run, recordedTrials, designs } } of points) {
    assertEquals([run.plan.children, run.plan.sweep, run.complete], [value, null, true]);
    assertEquals([run.plan.trials.length, recordedTrials], [6, 6]);
    assertEquals(designs.map(({ id, n }) => [id, n]), [["iterative", 3], [POOL, 3]]);
  }
  const [of30, of15] = points.map(({ summary }) => summary.designs[1]!.processControl!.median);
  assertAlmostEquals(of30!, 0.31);
  assertAlmostEquals(of15!, 0.11);
});

for (const parameter of ["bytes", "work", "wait"] as const) {
  Deno.test(`sweepPoints() over ${parameter} compares each value with its own baseline`, () => {
    const at = (value: number, baseline: number, pool: number) => [
      { design: "iterative", cpu: baseline, [parameter]: value },
      { design: POOL, cpu: pool, [parameter]: value, poolSize: 3 },
    ];
    const sweep = { parameter, values: [1, 9000] };
    const points = sweepPoints(record([...at(1, 0.1, 0.3), ...at(9000, 0.5, 0.6)], { sweep }));
    const differences = points.map(({ summary }) => summary.designs[1]!.processControl!.median);
    assertAlmostEquals(differences[0]!, 0.2);
    assertAlmostEquals(differences[1]!, 0.1);
  });
}

Deno.test("sweepPoints() marks the incomplete point of an interrupted sweep", () => {
  const { run, trials } = overChildren();
  const points = sweepPoints({ run: { ...run, complete: false }, trials: trials.slice(0, 6) });
  assertEquals(points.map(({ summary }) => summary.run.complete), [false, true]);
  assertEquals(points.map(({ summary }) => summary.designs[1]!.n), [0, 3]);
});

Deno.test("sweepPoints() is empty for a run without a sweep", () => {
  assertEquals(sweepPoints(record(rounds(POOL, [0.1]))), []);
});

Deno.test("sweepTable() has a row per design and value, with the book's results", () => {
  const [baseline, of30, of15, ...rest] = rowsOf(overChildren());
  assertEquals(rest, []);
  assertEquals([baseline!.design, baseline!.children, baseline!.n], ["iterative", "all", "3"]);
  assertEquals(of15, {
    "row": "2",
    "design": POOL,
    "children": "15",
    "n": "3",
    "CPU s": "0.210",
    "MAD %": "4.8",
    "process control s": "+0.110",
    "range": "+0.100…+0.120",
    "CPU µs /conn.": "210.0",
    "wall s": "0.420",
    "conn. /s": "2381",
    "ctx sw. /conn.": "2.00",
    "book DUnix": "6.2",
    "book BSD/OS": "1.8",
  });
  assertEquals([of30!.children, of30!["book DUnix"]], ["30", "7.8"]);
});

Deno.test("sweepTable() omits the book for parameters it did not vary", () => {
  const sweep = { parameter: "bytes" as const, values: [4000, 8000] };
  const recorded = record([{ design: POOL }, { design: POOL, bytes: 8000 }], { sweep });
  assertEquals(rowsOf(recorded).filter((row) => Object.keys(row).join().includes("book")), []);
  assertEquals(rowsOf(recorded).map(({ bytes }) => bytes), ["4000", "8000"]);
});

Deno.test("deriveFiles() of a sweep gives its table, not those of a run", async () => {
  const failed = { design: POOL, round: 3, poolSize: 30, failed: "lost 1 of 1000 connections" };
  const files = await deriveFiles(await reportData(overChildren(failed)));
  assertEquals([...files.keys()], ["sweep.md", "sweep.csv", "sweep.svg", "report.html"]);
  const page = files.get("sweep.md")!;
  assertStringIncludes(
    page,
    `Failed, not counted: ${POOL} children=30 in round 3: lost 1 of 1000 connections`,
  );
  assertStringIncludes(page, "30, 15 children per pool");
  const lines = files.get("sweep.csv")!.trimEnd().split("\n");
  assertEquals(lines.map((line) => line.split(",").slice(1, 3)), [
    ["design", "children"],
    ["iterative", ""],
    [POOL, "30"],
    [POOL, "15"],
  ]);
});

Deno.test("renderTerminal() of a sweep shows its table, also without valid trials", async () => {
  const options = { color: false, width: 120, book: false };
  const text = renderTerminal(await reportData(overChildren()), options);
  assertStringIncludes(text, "Sweep over children");
  assert(!text.includes("Table 30."));
  const { run } = overChildren();
  assertStringIncludes(
    renderTerminal(await reportData({ run, trials: [] }), options),
    "No valid trials",
  );
});
