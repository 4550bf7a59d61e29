import { assertAlmostEquals, assertEquals } from "@std/assert";
import { record, rounds } from "../report/testing_fixture.ts";
import { compareDesigns, compareRuns } from "./records.ts";

const six = [0.1, 0.11, 0.12, 0.13, 0.14, 0.15];
const times = (factor: number) => six.map((cpu) => cpu * factor);

Deno.test("compareDesigns() pairs rounds, whatever their order in the record", () => {
  const trials = [...rounds("a", six), ...rounds("b", times(1.2)).toReversed()];
  const comparison = compareDesigns(record(trials), "a", "b")!;
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
  assertEquals(compareDesigns(record(trials), "a", "b")!.rounds, { a: 5, b: 5 });
  assertEquals(compareDesigns(record(rounds("a", six)), "a", "b"), null);
  const { run, trials: [a, b] } = record([...rounds("a", [0.1]), ...rounds("b", [0.1])]);
  const free = { ...a!, cpu: { user: 0, system: 0, total: 0 } };
  assertEquals(compareDesigns({ run, trials: [free, b!] }, "a", "b"), null);
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
  assertEquals(designs.map(({ id }) => id), ["x", "y"]);
  const [x, y] = designs;
  assertAlmostEquals(x!.comparison!.ratio, 2);
  assertAlmostEquals(x!.a[0]!, 100);
  // Only x could be compared, so there is nothing to correct for.
  assertEquals([x!.comparison!.paired, x!.comparison!.family], [false, 1]);
  assertEquals([y!.b.length, y!.comparison], [0, null]);
});
