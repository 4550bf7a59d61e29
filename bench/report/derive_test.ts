import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { stripVTControlCharacters } from "node:util";
import type { Recorded } from "../record/record.ts";
import { deriveFiles } from "./derive.ts";
import { type PrintOptions, renderTerminal } from "./print.ts";
import { record, rounds } from "./testing_fixture.ts";
import { reportData } from "./summary/report_data.ts";

const filesOf = async (recorded: Recorded) => await deriveFiles(await reportData(recorded));
const printed = async (recorded: Recorded, options: PrintOptions) =>
  renderTerminal(await reportData(recorded), options);

const wide = { color: false, width: 120, book: false };

/** Two designs of the book and an unregistered one. */
const example = record([
  ...rounds("iterative", [0.2, 0.21, 0.22]),
  ...rounds("prefork-shared-accept", [0.15, 0.16, 0.17], { children: [400, 350, 250] }),
  { design: "prefork-shared-accept", round: 3, failed: "lost 1 of 1000 connections" },
  ...rounds("unregistered", [0.3, 0.3, 0.31], { children: [500, 500] }),
]);

Deno.test("deriveFiles() gives both tables as Markdown and CSV, charts and a report", async () => {
  assertEquals([...(await filesOf(example)).keys()], [
    "table-30.1.md",
    "table-30.1.csv",
    "table-30.2.md",
    "table-30.2.csv",
    "process-control.svg",
    "process-control-log.svg",
    "where-time-goes.svg",
    "clients-per-child.svg",
    "cpu-per-child.svg",
    "report.html",
  ]);
});

Deno.test("deriveFiles() writes CSV with the exact numbers of the record", async () => {
  const [header, ...lines] = (await filesOf(example)).get("table-30.1.csv")!.trimEnd().split(
    "\n",
  );
  const read = lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(header!.split(",").map((field, index) => [field, cells[index]]));
  });
  assertEquals(read.map(({ design }) => design), [
    "iterative",
    "prefork-shared-accept",
    "unregistered",
  ]);
  const pool = read[1]!;
  assertEquals(Number(pool.process_control_seconds), 0.16 - 0.21);
  assertEquals(pool.process_control_low_high_kind, "range");
  assertEquals([pool.rounds_ok, pool.rounds_failed], ["3", "1"]);
  assertEquals(pool.system_share_of_cpu_tick_based, "0.75");
  assertEquals(
    (await filesOf(example)).get("table-30.2.csv"),
    "child,prefork-shared-accept_connections,unregistered_connections\n0,400,500\n1,350,500\n2,250,\n",
  );
});

Deno.test("deriveFiles() states the conditions on each page", async () => {
  for (const name of ["table-30.1.md", "table-30.2.md"]) {
    const page = (await filesOf(example)).get(name)!;
    assertStringIncludes(page, "10 × 100 × 4000 (clients × connections × bytes)");
    assertStringIncludes(page, "Linux 6.18.5");
    assertStringIncludes(page, "Example CPU");
    assertStringIncludes(page, "Deno 2.9.6");
    assertStringIncludes(
      page,
      "Failed, not counted: prefork-shared-accept in round 3: lost 1 of 1000 connections",
    );
  }
});

Deno.test("deriveFiles() and renderTerminal() give the same bytes for the same record", async () => {
  const again = structuredClone(example);
  assertEquals(await filesOf(again), await filesOf(example));
  assertEquals(await printed(again, wide), await printed(example, wide));
});

Deno.test("renderTerminal() shows both tables, negative differences and unregistered designs", async () => {
  const text = await printed(example, wide);
  assertStringIncludes(text, "Table 30.1");
  assertStringIncludes(text, "Table 30.2");
  assertStringIncludes(text, "−0.050");
  assertStringIncludes(text, "unregistered");
  assert(!text.includes("book row 2"));
  assertStringIncludes(await printed(example, { ...wide, book: true }), "DUnix");
});

Deno.test("renderTerminal() in color reads the same as without", async () => {
  assertEquals(
    stripVTControlCharacters(await printed(example, { ...wide, color: true })),
    await printed(example, wide),
  );
});

Deno.test("renderTerminal() prints notes on both tables once", async () => {
  const text = await printed(example, wide);
  assertEquals(text.split("Failed, not counted").length, 2);
  assertEquals(text.split("Machine:").length, 2);
});

Deno.test("renderTerminal() fits 120 columns with the nine designs of the book", async () => {
  const ids = [
    "iterative",
    "fork-per-client",
    "prefork-shared-accept",
    "prefork-file-lock",
    "prefork-mutex",
    "prefork-fd-passing",
    "thread-per-client",
    "prethread-mutex",
    "prethread-main-accept",
  ];
  const cpu = [10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 10.7];
  const text = await printed(
    record(ids.flatMap((id) => rounds(id, cpu, { children: [500, 500] }))),
    wide,
  );
  assert(text.split("\n").every((line) => [...line].length <= 120));
  // Once in each table: neither had to be continued below itself.
  assertEquals(text.match(/^(row +design|child) /gm)?.length, 2);
});

Deno.test("deriveFiles() and renderTerminal() work for a single design", async () => {
  const single = record(rounds("prefork-shared-accept", [0.1], { children: [600, 400] }));
  assertStringIncludes(await printed(single, wide), "max/min  1.50");
  assertStringIncludes(
    (await filesOf(single)).get("table-30.1.md")!,
    "no process-control time for 1 of 1",
  );
});

Deno.test("deriveFiles() and renderTerminal() report a run without valid trials", async () => {
  const nothing = record([{ design: "iterative", failed: "timed out" }]);
  assertStringIncludes(
    await printed(nothing, wide),
    "No valid trials: there is nothing to report.",
  );
  for (const name of ["table-30.1.md", "table-30.2.md"]) {
    assertStringIncludes((await filesOf(nothing)).get(name)!, "No valid trials");
    assertStringIncludes((await filesOf(nothing)).get(name)!, "timed out");
  }
  const empty = record([], { designs: ["iterative"] });
  assertStringIncludes(await printed(empty, wide), "No valid trials");
});

Deno.test("renderTerminal() reports how much of an interrupted run was done", async () => {
  const { run, trials } = example;
  const cut = { run: { ...run, complete: false }, trials: trials.slice(0, 4) };
  assertStringIncludes(await printed(cut, wide), "Incomplete: 4 of 10 trials were run.");
  assert(!(await printed(example, wide)).includes("Incomplete"));
});

Deno.test("renderTerminal() reports that fork does not work", async () => {
  const { run, trials } = example;
  const fork = { works: false, attempts: 3, reason: "children died of SIGSEGV" };
  const elsewhere = { run: { ...run, environment: { ...run.environment, fork } }, trials };
  const said = "fork(2) does not work here: children died of SIGSEGV.";
  assertStringIncludes(await printed(elsewhere, wide), said);
});
