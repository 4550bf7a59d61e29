import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { ROOT } from "../../servers/testing/process.ts";
import { Figures } from "../record/figures.ts";
import { schemaFiles } from "../record/json_schema.ts";
import type { Recorded } from "../record/record.ts";
import { readRecord } from "../record/store.ts";
import { type ExportOptions, exportTables } from "./export.ts";
import { tablesOf } from "./derive.ts";
import { reportData } from "./summary/report_data.ts";
import { record, rounds } from "./testing_fixture.ts";

const POOL = "prefork-shared-accept";
const small = record([
  ...rounds("iterative", [0.2, 0.21, 0.22]),
  ...rounds(POOL, [0.35, 0.36, 0.37], { children: [600, 400] }),
  // The last round is the most uneven one.
  { design: POOL, round: 3, cpu: 0.36, children: [1000, 0] },
  { design: POOL, round: 4, failed: "lost 1 of 1000 connections" },
]);

const reference = readRecord(`${ROOT}results/reference`);
const sweep = readRecord(`${ROOT}results/reference/sweep`);

const text = async (recorded: Recorded, options: Partial<ExportOptions>) =>
  exportTables(await reportData(recorded), {
    format: "text",
    book: false,
    color: false,
    width: 120,
    ...options,
  });
const json = async (recorded: Recorded, options: Partial<ExportOptions> = {}) =>
  JSON.parse(await text(recorded, { ...options, format: "json" }));

Deno.test("exportTables() writes every table in each format, and common notes once", async () => {
  const [markdown, csv, latex] = [
    await text(small, { format: "markdown" }),
    await text(small, { format: "csv" }),
    await text(small, { format: "latex" }),
  ];
  assertEquals(markdown.match(/^# .*/gm), [
    "# Table 30.1: cost of each design",
    "# Table 30.2: clients per child",
  ]);
  assertEquals(markdown.match(/^- Machine: /gm)?.length, 1);
  assertMatch(csv, /^row,design,[^]*\n\nchild,prefork-shared-accept_connections\n0,1000\n1,0\n$/);
  assertMatch(latex, /\(Table 30\.1\)[^]*\(Table 30\.2\)[^]*Machine: /);
});

Deno.test("exportTables() gives some columns of the one table that has them, sorted", async () => {
  const options = { columns: ["design", "cpu_seconds"], sort: "-cpu_seconds" };
  assertEquals(
    await text(small, { ...options, format: "csv" }),
    "design,cpu_seconds\nprefork-shared-accept,0.36\niterative,0.21\n",
  );
  assertEquals(await json(small, options), [
    { design: "prefork-shared-accept", cpu_seconds: 0.36 },
    { design: "iterative", cpu_seconds: 0.21 },
  ]);
  assertMatch(await text(small, options), /\ndesign +CPU s\n─+\nprefork-shared-accept +0\.360\n/);
});

Deno.test("exportTables() gives a summary as JSON that its schema accepts, of runs and sweeps", async () => {
  const schema = z.fromJSONSchema(JSON.parse(schemaFiles().get("summary.schema.json")!));
  for (const recorded of [small, reference, sweep, record([], { designs: ["iterative"] })]) {
    const summary = await json(recorded);
    assertEquals(schema.safeParse(summary).error, undefined);
    // Nothing beyond it: every field is described.
    assertEquals(Figures.parse(summary), summary);
  }
});

Deno.test("the summary has the figures of the tables", async () => {
  for (const recorded of [small, reference, sweep]) {
    const rows = await json(recorded, {
      columns: ["rounds_ok", "rounds_failed", "cpu_seconds", "cpu_microseconds_per_connection"],
    });
    const { designs } = await json(recorded) as Figures;
    assertEquals(
      designs.map((design) => ({
        rounds_ok: design.n,
        rounds_failed: design.failed,
        cpu_seconds: design.cpuSeconds?.median ?? null,
        cpu_microseconds_per_connection: design.cpuMicrosecondsPerConnection?.median ?? null,
      })),
      rows,
    );
  }
});

Deno.test("the summary tells how much there is, what failed and how designs compare", async () => {
  const { trials, designs, complete } = await json(small) as Figures;
  assertEquals([trials, complete], [{ planned: 8, recorded: 8, failed: 1 }, true]);
  const [baseline, pool] = designs;
  assertEquals([baseline!.isBaseline, baseline!.againstBaseline], [true, null]);
  assertEquals([pool!.n, pool!.failed, pool!.againstBaseline!.finding], [4, 1, "too few rounds"]);
  const { children, ...evenness } = pool!.evenness!;
  assertEquals(children.map(({ connections }) => connections), [1000, 0]);
  assertEquals(evenness, { by: null, round: 3, maxOverMin: null, pEven: evenness.pEven });
});

Deno.test("the summary of a sweep has a design at each value, in the order asked for", async () => {
  const { sweep: varied, designs } = await json(sweep, { sort: "-children" }) as Figures;
  assertEquals(varied!.parameter, "children");
  const most = Math.max(...varied!.values);
  assertEquals(designs.slice(0, 2).map(({ values }) => values), [[most], [most]]);
  // The baseline has no children: its row has no value to sort by.
  assertEquals(designs.at(-1)!.isBaseline, true);
});

Deno.test("evenness is the same in the CSV of Table 30.1 and in Table 30.2", async () => {
  for (const recorded of [small, reference]) {
    const costs: Record<string, unknown>[] = await json(recorded, {
      columns: [
        "design",
        "clients_per_child_max_over_min",
        "clients_per_child_p_even",
        "clients_per_child_round",
      ],
    });
    const served = tablesOf(await reportData(recorded), { book: false }).at(-1)!;
    const [, most, even, round] = served.footer;
    for (const [index, { header }] of served.columns.entries()) {
      if (index === 0) continue;
      const { design: _, ...inCosts } = costs.find(({ design }) => design === header)!;
      const inServed = [most, even, round].map((cells) => cells![index]!.value);
      // As in JSON.
      assertEquals(Object.values(inCosts), JSON.parse(JSON.stringify(inServed)));
    }
  }
});

Deno.test("exportTables() writes figures for Bencher, in its units", async () => {
  const { [POOL]: pool, ...others } = JSON.parse(await text(small, { format: "bencher" }));
  assertEquals(Object.keys(others), ["iterative"]);
  const { cpuMicrosecondsPerConnection, latencySeconds } = (await json(small) as Figures)
    .designs[1]!;
  const { median, interval } = cpuMicrosecondsPerConnection!;
  assertEquals(pool["cpu-per-connection"], {
    value: median,
    lower_value: interval.low,
    upper_value: interval.high,
  });
  assertEquals(pool.latency.value, 1e9 * latencySeconds.p50!.median);
  assertEquals(typeof pool.throughput.value, "number");
  // A sweep has a name for each value, and the reference run has every design.
  const names = Object.keys(JSON.parse(await text(sweep, { format: "bencher" })));
  assertEquals(names.length, (await json(sweep) as Figures).designs.length);
  assertEquals(names.includes(`${POOL} children=15`), true);
});

Deno.test("exportTables() writes figures of which less is better for github-action-benchmark", async () => {
  const figures = JSON.parse(await text(small, { format: "github" }));
  assertEquals(figures[0], {
    name: "iterative: CPU per connection",
    unit: "µs",
    value: 210,
    range: "200 to 220",
  });
  const names = figures.map(({ name }: { name: string }) => name);
  assertEquals(names.filter((name: string) => name.includes("a second")), []);
  assertEquals(new Set(names).size, names.length);
});
