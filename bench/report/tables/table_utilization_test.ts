import { assertEquals } from "@std/assert";
import { record } from "../testing_fixture.ts";
import { summarize } from "../summary/summary.ts";
import { tableUtilization } from "./table_utilization.ts";

Deno.test("tableUtilization() has percent of a processor at each rate, the cheapest design first", () => {
  const trials = [{ design: "fork-per-client", cpu: 2 }, { design: "prefork-mutex", cpu: 0.05 }];
  const { rows } = tableUtilization(summarize(record(trials)));
  assertEquals(rows.map((row) => row.map(({ value }) => value)), [
    ["prefork-mutex", 0.05, 0.5, 5, 50],
    ["fork-per-client", 2, 20, 200, 2000],
  ]);
  // More than both processors of the machine.
  assertEquals(rows.flat().filter(({ warn }) => warn).map(({ value }) => value), [2000]);
});

Deno.test("tableUtilization() has no rate that workers cannot serve while they wait", () => {
  // 3 children.
  const trials = ["iterative", "prefork-mutex", "fork-per-client", "slaunch"]
    .map((design, i) => ({ design, cpu: 0.1 + 0.01 * i }));
  const { rows, notes } = tableUtilization(summarize(record(trials, { wait: 5 })));
  assertEquals(rows.map((row) => row.filter(({ text }) => text === "–").length), [2, 2, 0, 0]);
  assertEquals(notes.at(-1)!.includes("200"), true);
});
