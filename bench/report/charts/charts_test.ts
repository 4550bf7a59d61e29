import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { drawCharts } from "./charts.ts";
import { reportData } from "../summary/report_data.ts";
import { tableTypeScript } from "../tables/table_typescript.ts";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";

const draw = async (trials: readonly TrialFixture[], sweep?: Parameters<typeof record>[1]) =>
  await drawCharts(await reportData(record(trials, sweep)));

const example = [
  ...rounds("iterative", [0.2, 0.21, 0.22]),
  ...rounds("prefork-mutex", [0.15, 0.16, 0.17], { children: [400, 350, 250] }),
  ...rounds("fork-per-client", [9, 10, 11]),
  ...rounds("unregistered", [0.3, 0.3, 0.31], { children: [500, 500] }),
];

Deno.test("drawCharts() draws every design, also negative values and unregistered designs", async () => {
  const pictures = await draw(example);
  for (const name of ["process-control", "process-control-log"]) {
    const { wide, narrow } = pictures.get(name)!;
    for (const svg of [wide, narrow]) {
      for (const id of ["iterative", "prefork-mutex", "fork-per-client", "unregistered"]) {
        assertStringIncludes(svg, `>${id}</text>`);
      }
      assertStringIncludes(svg, "prefork-mutex: −0.050 s (range −0.050 to −0.050, 3 rounds)");
      assert(!/NaN|Infinity|undefined/.test(svg));
    }
  }
});

Deno.test("drawCharts() shows each child and the even share", async () => {
  const { wide } = (await draw(example)).get("clients-per-child")!;
  assertStringIncludes(
    wide,
    "prefork-mutex, child 0: 400 clients in round 2, even share 333.3",
  );
  assertStringIncludes(wide, "mean of the children");
  assertStringIncludes(wide, "unregistered, child 1: 500 clients");
  assert(!wide.includes("fork-per-client"));
});

Deno.test("drawCharts() gives the same bytes for the same record", async () => {
  assertEquals(await draw(example), await draw(example));
});

Deno.test("drawCharts() leaves out charts without data", async () => {
  assertEquals([...(await draw([{ design: "prefork-mutex", failed: "lost" }])).keys()], []);
  const once = await draw([{ design: "iterative" }, { design: "fork-per-client", cpu: 1 }]);
  assertEquals([...once.keys()], ["process-control", "process-control-log", "where-time-goes"]);
});

Deno.test("drawCharts() of a sweep draws a point per value, for any range", async () => {
  for (const values of [[10, 20], [1, 1000]]) {
    const trials = values.map((poolSize) => ({ design: "prefork-mutex", poolSize, cpu: 0.4 }));
    const sweep = { parameter: "children" as const, values };
    const pictures = await draw([{ design: "iterative", cpu: 0.1 }, ...trials], { sweep });
    assertEquals([...pictures.keys()], ["sweep"]);
    for (const value of values) {
      assertStringIncludes(
        pictures.get("sweep")!.wide,
        `prefork-mutex, children ${value}: +0.300 s (one round)`,
      );
    }
  }
});

Deno.test("drawCharts() draws wake-ups over a sweep where children wait before they accept", async () => {
  const switches = { voluntary: 4000, involuntary: 0 };
  const sweepOf = (design: string) => {
    const trials = [15, 30].flatMap((poolSize) =>
      rounds(design, [0.2, 0.3], { poolSize, switches, children: [600, 400] })
    );
    const sweep = { parameter: "children", values: [15, 30] } as const;
    return draw([...rounds("iterative", [0.1, 0.1]), ...trials], {
      sweep: { ...sweep, values: [...sweep.values] },
    });
  };
  assertEquals([...(await sweepOf("prefork-mutex")).keys()], ["sweep"]);
  const pictures = await sweepOf("prefork-epoll");
  assertEquals([...pictures.keys()], ["sweep", "sweep-wake-ups"]);
  assertStringIncludes(
    pictures.get("sweep-wake-ups")!.wide,
    "prefork-epoll, children 30: 4.00 wake-ups per connection (4.00 to 4.00)",
  );
});

Deno.test("drawCharts() shows the last round over its time, without its last interval", async () => {
  const recorded = record([...example, { design: "fork-per-client", round: 3, failed: "lost" }]);
  for (const { design, round, client } of recorded.trials) {
    if (design === "unregistered") continue;
    const [requests, p99Microseconds] = [[10 * round, 0, 5, 1], [1500, 0, 40_000, 7]];
    client!.series = { intervalMilliseconds: 200, requests, p99Microseconds };
  }
  const pictures = await drawCharts(await reportData(recorded));
  const { wide } = pictures.get("throughput-over-time")!;
  for (const text of ["0.0 s: 100 a second", "0.2 s: 0 a second", "0.4 s: 25.0 a second"]) {
    assertStringIncludes(wide, `fork-per-client, round 2, ${text}`);
  }
  assert(!wide.includes("0.6 s") && !wide.includes("unregistered"));
  const p99 = pictures.get("p99-over-time")!.narrow;
  assertStringIncludes(p99, "prefork-mutex, round 2, 0.0 s: 1.50 ms");
  assertStringIncludes(p99, "prefork-mutex, round 2, 0.4 s: 40.0 ms");
  for (const { wide, narrow } of pictures.values()) assert(!/NaN|Infinity/.test(wide + narrow));
});

Deno.test("drawCharts() shows where time goes: parts of all processors' time, and what is left", async () => {
  const recorded = record([{ design: "iterative", cpu: 0.1 }]);
  const [trial] = recorded.trials;
  // Of 2 processors for 0.2 s the server had a quarter; the clients get another.
  trial!.client!.cpu = { user: 0.05, system: 0.05, total: 0.1 };
  // Something else had 40 ms.
  const unknown = { loadAverage: null, stealSeconds: null, softirqSeconds: null, ownSeconds: null };
  trial!.machine = {
    ...unknown,
    seconds: 0.2,
    processors: 2,
    busySeconds: 0.24,
    throttledSeconds: null,
    suspendedSeconds: null,
  };
  const trace = {
    design: "iterative",
    connections: 10,
    syscalls: { read: { calls: 25, errors: 0 } },
  };
  const pictures = await drawCharts(
    await reportData({ ...recorded, run: { ...recorded.run, traces: [trace] } }),
  );
  const { wide } = pictures.get("where-time-goes")!;
  for (
    const text of [
      "iterative: 25.0 µs, 6 %, server, user mode",
      "iterative: 75.0 µs, 19 %, server, kernel mode",
      "iterative: 100 µs, 25 %, clients",
      "iterative: 40.0 µs, 10 %, other programs",
      "iterative: 160 µs, 40 %, waiting",
      ">400 µs, 2.5 calls</text>",
    ]
  ) assertStringIncludes(wide, text);
  assert(!wide.includes("interrupts"));
});

Deno.test("drawCharts() and tableTypeScript() put designs beside their programs in C", async () => {
  const data = await reportData(record([
    ...rounds("iterative", [0.03, 0.02, 0.04]),
    ...rounds("prefork-mutex", [0.06, 0.08, 0.05]),
    ...rounds("c-prefork-mutex", [0.04, 0.05, 0.04]),
    ...rounds("c-of-mine", [0.04, 0.05, 0.04]),
  ]));
  const { wide } = (await drawCharts(data)).get("cost-of-typescript")!;
  assertStringIncludes(wide, ">prefork-mutex: 1.46 ×</text>");
  assertStringIncludes(wide, "prefork-mutex: 45.0 µs, server, kernel mode");
  assertStringIncludes(wide, "c-prefork-mutex: 30.0 µs, server, kernel mode");
  const { columns, rows } = tableTypeScript(data)!;
  const texts = rows.map((cells) =>
    Object.fromEntries(cells.map(({ text }, index) => [columns[index]!.header, text]))
  );
  assertEquals(texts.map((row) => [row.design, row["Herd µs /conn."], row["C µs /conn."]]), [
    ["prefork-mutex", "60.0", "40.0"],
  ]);
  assertEquals(texts[0]!["95 % interval, or range (r)"], "r 1.25…1.60");
  assertEquals(tableTypeScript(await reportData(record(example))), null);
});
