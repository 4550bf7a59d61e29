import { uniformity } from "../../statistics/uniformity.ts";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { externalOf } from "../../plan/externals.ts";
import { type DesignInfo, type DesignSummary, summarize } from "./summary.ts";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";

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
    id: "pool",
    title: "A pool",
    children: "fork",
    accepts: "every child",
    row: 2,
    lifetime: "pool",
  },
];

/** The summary of one design of a record of these trials. */
function summaryOf(id: string, trials: readonly TrialFixture[]): DesignSummary {
  return summarize(record(trials), registry).designs.find((design) => design.id === id)!;
}

Deno.test("summarize() takes process control from the baseline of the same round", () => {
  const { processControl } = summaryOf("pool", [
    ...rounds("iterative", [0.1, 0.3, 0.2]),
    // Listed in another order than the baseline ran; unpaired medians would differ by 0.1.
    { design: "pool", round: 2, cpu: 0.25 },
    { design: "pool", round: 1, cpu: 0.4 },
    { design: "pool", round: 0, cpu: 0.3 },
  ]);
  assertAlmostEquals(processControl!.median, 0.1);
  assertAlmostEquals(processControl!.interval.low, 0.05);
  assertAlmostEquals(processControl!.interval.high, 0.2);
  assertEquals([processControl!.n, processControl!.interval.kind], [3, "range"]);
});

Deno.test("summarize() keeps negative differences", () => {
  const { processControl } = summaryOf("pool", [
    ...rounds("iterative", [0.3, 0.3]),
    ...rounds("pool", [0.2, 0.1]),
  ]);
  assertAlmostEquals(processControl!.median, -0.15);
});

Deno.test("summarize() ignores failed trials, and lists them with their reasons", () => {
  const design = summaryOf("pool", [
    ...rounds("iterative", [0.1, 0.1, 0.1, 0.1]),
    { design: "pool", round: 0, cpu: 0.2 },
    { design: "pool", round: 3, cpu: 9, failed: "lost a connection" },
    { design: "pool", round: 1, cpu: 9, failed: "lost a connection" },
    { design: "pool", round: 2, cpu: 9, failed: null },
  ]);
  assertEquals([design.n, design.cpu?.median], [1, 0.2]);
  assertEquals(design.failures, [
    { reason: "lost a connection", rounds: [1, 3] },
    { reason: "no reason recorded", rounds: [2] },
  ]);
});

Deno.test("summarize() ignores baselines that failed, are missing or did other work", () => {
  const { n, processControl } = summaryOf("pool", [
    { design: "iterative", round: 0, cpu: 0.1, failed: "timed out" },
    { design: "iterative", round: 1, cpu: 0.1, connections: 500 },
    { design: "iterative", round: 3, cpu: 0.1 },
    ...rounds("pool", [0.2, 0.2, 0.2, 0.5]),
  ]);
  assertEquals([n, processControl?.n], [4, 1]);
  assertAlmostEquals(processControl!.median, 0.4);
});

Deno.test("summarize() divides by the connections of the trial", () => {
  const design = summaryOf("pool", [{
    design: "pool",
    cpu: 0.1,
    connections: 2000,
    switches: { voluntary: 5000, involuntary: 1000 },
  }]);
  assertAlmostEquals(design.cpuMicrosecondsPerConnection!.median, 50);
  assertEquals(design.switches.voluntary?.median, 2.5);
  assertEquals(design.switches.involuntary?.median, 0.5);
  assertEquals(design.switches.all?.median, 3);
  assertAlmostEquals(design.systemShare!.median, 0.75);
});

Deno.test("summarize() takes medians of each round's wall time, rate and percentiles", () => {
  const latency = [1, 5, 2].map((ms) => ({ p50: ms / 1e3, p99: ms / 1e2, max: ms / 10 }));
  const design = summaryOf(
    "pool",
    latency.map((latency, round) => ({ design: "pool", round, cpu: 0.1 * (round + 1), latency })),
  );
  assertAlmostEquals(design.wallSeconds!.median, 0.4);
  assertAlmostEquals(design.connectionsPerSecond!.median, 2500);
  const { p50, p99, max } = design.latency;
  assertEquals([p50?.median, p99?.median, max?.median], [0.002, 0.02, 0.2]);
});

Deno.test("summarize() takes the children of the last valid round, by index, with their exact sum", () => {
  const found = record([
    { design: "pool", round: 2, children: [600, 100, 300] },
    { design: "pool", round: 3, children: [1, 1, 1], failed: "lost connections" },
    { design: "pool", round: 1, children: [400, 300, 300] },
  ]);
  found.trials[0]!.children.reverse();
  const { distribution, evenness } = summarize(found, registry).designs.at(-1)!;
  assertEquals(distribution, {
    by: null,
    round: 2,
    children: [
      { index: 0, connections: 600, cpuSeconds: 0 },
      { index: 1, connections: 100, cpuSeconds: 0 },
      { index: 2, connections: 300, cpuSeconds: 0 },
    ],
    sum: 1000,
    parentCpuSeconds: null,
    evenness: 6,
    pEven: uniformity([600, 100, 300])!.p,
  });
  assertAlmostEquals(evenness!.median, (6 + 4 / 3) / 2);
});

Deno.test("summarize() gives the reason for a missing distribution", () => {
  const { designs } = summarize(
    record([
      { design: "iterative" },
      { design: "each" },
      { design: "pool", failed: "timed out" },
      { design: "unregistered" },
    ]),
    registry,
  );
  assertEquals(
    designs.map(({ id, distribution, noDistribution }) => ({ id, distribution, noDistribution })),
    [
      { id: "iterative", distribution: null, noDistribution: "no children" },
      { id: "each", distribution: null, noDistribution: "a child per client" },
      { id: "pool", distribution: null, noDistribution: "no valid trial" },
      { id: "unregistered", distribution: null, noDistribution: "who served whom is not known" },
    ],
  );
});

Deno.test("summarize() recognizes a pool of one child, and the pool of an unregistered design", () => {
  assertEquals(summaryOf("pool", [{ design: "pool" }]).distribution?.sum, 1000);
  const unregistered = [{ design: "unregistered", children: [400, 600] }];
  assertEquals(summaryOf("unregistered", unregistered).distribution?.evenness, 1.5);
});

Deno.test("summarize() keeps the order of the registry, unregistered designs last, also those that never ran", () => {
  const { designs } = summarize(
    record([{ design: "unregistered" }, { design: "pool" }, { design: "iterative" }], {
      designs: ["unregistered", "pool", "iterative", "each"],
    }),
    registry,
  );
  assertEquals(designs.map(({ id, row, n }) => [id, row, n]), [
    ["iterative", 0, 1],
    ["each", 1, 0],
    ["pool", 2, 1],
    ["unregistered", null, 1],
  ]);
});

Deno.test("summarize() knows an external server with the name of a design", () => {
  const place = { folder: "/", service: "http", readText: () => "" } as const;
  const externals = [externalOf({ name: "pool", command: "serve {port}" }, place)];
  const { run, trials } = record([{ design: "iterative" }, { design: "pool" }]);
  const found = { run: { ...run, plan: { ...run.plan, externals } }, trials };
  assertEquals(summarize(found, registry).designs.map(({ id, info }) => [id, info?.id]), [
    ["iterative", "iterative"],
    ["pool", undefined],
  ]);
});

Deno.test("summarize() leaves out missing values of valid trials", () => {
  const found = record([...rounds("iterative", [0.1, 0.1]), ...rounds("pool", [0.2, 0.3])]);
  const [first, ...others] = found.trials.toReversed();
  const bare = { ...first!, cpu: null, switches: null, client: null, children: [] };
  const design = summarize({ ...found, trials: [bare, ...others] }, registry).designs.at(-1)!;
  assertEquals([design.n, design.cpu?.median, design.processControl?.n], [2, 0.2, 1]);
  assertEquals([design.wallSeconds?.n, design.distribution?.round], [1, 0]);
});
