import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { record, rounds, type TrialFixture } from "../report/testing_fixture.ts";
import { METRICS } from "./metrics.ts";
import { compareDesigns, compareRuns, type MetricComparison, toReport, toShow } from "./records.ts";

const six = [0.1, 0.11, 0.12, 0.13, 0.14, 0.15];
const times = (factor: number) => six.map((cpu) => cpu * factor);
const cpuOf = (all: readonly MetricComparison[]) => all.find(({ metric }) => metric === "cpu")!;

Deno.test("compareDesigns() pairs rounds, whatever their order in the record", () => {
  const trials = [...rounds("a", six), ...rounds("b", times(1.2)).toReversed()];
  const { comparison } = cpuOf(compareDesigns(record(trials), "a", "b"));
  assert(comparison);
  assertAlmostEquals(comparison.ratio, 1.2);
  assertAlmostEquals(comparison.interval.low, 1.2);
  assertEquals([comparison.paired, comparison.rounds], [true, { a: 6, b: 6 }]);
});

Deno.test("compareDesigns() takes rounds that count for both, and none is nothing", () => {
  const trials = [
    ...rounds("a", six),
    ...rounds("b", six.slice(1)),
    { design: "b", round: 5, cpu: 9, failed: "lost a connection" },
  ];
  const cpu = (trials: TrialFixture[]) =>
    cpuOf(compareDesigns(record(trials), "a", "b")).comparison;
  assertEquals(cpu(trials)!.rounds, { a: 5, b: 5 });
  assertEquals(cpu(rounds("a", six)), null);
  const { run, trials: [a, b] } = record([...rounds("a", [0.1]), ...rounds("b", [0.1])]);
  const free = { ...a!, cpu: { user: 0, system: 0, total: 0 } };
  assertEquals(cpuOf(compareDesigns({ run, trials: [free, b!] }, "a", "b")).comparison, null);
});

Deno.test("compareDesigns() of a design with itself compares the two trials of each round", () => {
  const trials = six.flatMap((cpu, round) => [
    { design: "a", round, cpu },
    { design: "a", round, cpu: 2 * cpu },
  ]);
  const { a, b, comparison } = cpuOf(compareDesigns(record(trials), "a", "a"));
  assertEquals([a.length, b.length], [6, 6]);
  assertAlmostEquals(comparison!.ratio, 2);
});

Deno.test("compareRuns() compares CPU time a connection of every design both have", () => {
  const a = record([...rounds("x", six), ...rounds("y", six), ...rounds("old", six)]);
  const b = record([
    // As much in all, on half as many connections.
    ...rounds("x", six, { connections: 500 }),
    ...rounds("y", six.map(() => 0.1), { failed: "timed out" }),
    ...rounds("new", six),
  ]);
  const { designs, onlyA, onlyB } = compareRuns(a, b);
  assertEquals([onlyA, onlyB], [["old"], ["new"]]);
  assertEquals(designs.length, 2 * METRICS.length);
  const [x, y] = designs;
  assertEquals([x!.id, x!.metric, y!.id, y!.metric], ["x", "cpu", "y", "cpu"]);
  assertAlmostEquals(x!.comparison!.ratio, 2);
  assertAlmostEquals(x!.a[0]!, 100);
  // Only x could be compared, so there is nothing to correct for.
  assertEquals([x!.comparison!.paired, x!.comparison!.family], [false, 1]);
  assertEquals([y!.b.length, y!.comparison], [0, null]);
});

/** Rounds whose CPU time varies widely and is the same, while instructions vary little. */
const counted = (design: string, instructions: number) =>
  six.map((cpu, round) => ({ design, round, cpu, instructions: instructions + round }));

Deno.test("toReport() has instructions decide where both have them, and CPU time elsewhere", () => {
  const reported = (trials: TrialFixture[]) =>
    toReport(compareDesigns(record(trials), "a", "b")).map(({ metric }) => metric);
  assertEquals(reported([...counted("a", 1e6), ...counted("b", 1.01e6)]), ["instructions"]);
  assertEquals(reported([...counted("a", 1e6), ...counted("b", 1e6)]), ["instructions"]);
  assertEquals(reported([...counted("a", 1e6), ...rounds("b", six)]), ["cpu"]);
  // What differs is said as well.
  assertEquals(
    reported([...rounds("a", six), ...rounds("b", times(2))]),
    ["cpu", "throughput"],
  );
});

Deno.test("toReport() looks at each design of two runs by itself", () => {
  const run = (instructions: number) =>
    record([...counted("x", instructions), ...rounds("y", six)]);
  const reported = toReport(compareRuns(run(1e6), run(1e6)).designs);
  assertEquals(reported.map(({ id, metric }) => [id, metric]), [["y", "cpu"], [
    "x",
    "instructions",
  ]]);
});

Deno.test("toShow() leaves out instructions where there are none", () => {
  const shown = (trials: TrialFixture[]) =>
    toShow(compareDesigns(record(trials), "a", "b")).map(({ metric }) => metric);
  const others = METRICS.filter((metric) => metric !== "instructions");
  assertEquals(shown([...rounds("a", six), ...rounds("b", six)]), others);
  assertEquals(shown([...counted("a", 1e6), ...counted("b", 1e6)]), [...METRICS]);
});
