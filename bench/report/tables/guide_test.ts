import { assert, assertEquals, assertMatch } from "@std/assert";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";
import { basisText, recommend } from "./guide.ts";
import { type DesignInfo, summarize } from "../summary/summary.ts";

const registry: DesignInfo[] = [
  { id: "iterative", title: "", children: "none", accepts: "the process", row: 0 },
  { id: "each", title: "", children: "fork", accepts: "the parent", lifetime: "client" },
  {
    id: "other-each",
    title: "",
    children: "subprocess",
    accepts: "the parent",
    lifetime: "client",
  },
  { id: "pool", title: "", children: "fork", accepts: "every child", lifetime: "pool" },
  { id: "threads", title: "", children: "worker", accepts: "every thread", lifetime: "pool" },
  { id: "loop", title: "", children: "none", accepts: "an event loop" },
];

/** Six rounds, a hundredth of a second apart. */
const around = (design: string, cpu: number, more: Partial<TrialFixture> = {}) =>
  rounds(design, [0, 1, 2, 3, 4, 5].map((round) => cpu + round / 100), more);

/** The recommendations for these trials, by goal. */
function recommended(trials: readonly TrialFixture[]) {
  const all = recommend(summarize(record(trials), registry));
  return new Map(all.map((recommendation) => [recommendation.goal, recommendation]));
}

const latency = (p99: number) => ({ p50: 0.001, p99, max: 1 });

Deno.test("recommend() names the best design for each goal, among those that meet it", () => {
  const all = recommended([
    ...around("iterative", 0.1),
    ...around("each", 2, { latency: latency(0.9) }),
    ...around("pool", 0.5, { children: [600, 400], latency: latency(0.002) }),
    ...around("threads", 0.3, { children: [900, 100], latency: latency(0.005) }),
    ...around("unregistered", 0.01),
  ]);
  assertEquals([...all].map(([goal, { design }]) => [goal, design]), [
    ["Lowest CPU time", "threads"],
    ["Highest throughput", "threads"],
    ["Low tail latency", "pool"],
    ["Little memory", "threads"],
    ["Even load on all children", "pool"],
    ["Crash isolation: a crash of one child does not affect the others", "pool"],
    ["All children in one process", "threads"],
    ["A new child for each client, without state from earlier clients", "each"],
    ["The simplest program; clients wait for each other", "iterative"],
  ]);
});

Deno.test("recommend() gives the reasons in numbers, and the rounds they are from", () => {
  const { value, costs, rounds } = recommended(around("pool", 0.5)).get("Lowest CPU time")!;
  assertEquals([value, rounds], ["525 µs CPU per connection", 6]);
  assertEquals(costs, ["952 connections/s", "p99 0.9 ms", "50.0 MiB"]);
});

Deno.test("recommend() counts a server without children as concurrent", () => {
  const all = recommended([...around("iterative", 0.1), ...around("loop", 0.2)]);
  assertEquals(all.get("Lowest CPU time")!.design, "loop");
  assert(!all.has("Crash isolation: a crash of one child does not affect the others"));
});

Deno.test("recommend() has a design for clients that stay connected, where one serves many at once", () => {
  const goal = "Clients that stay connected, or requests that wait: none takes up a worker";
  const trials = [...around("pool", 0.1), ...around("loop", 0.2), ...around("async", 0.3)];
  assert(!recommended(trials).has(goal));
  const asynchronous = registry.map((info) =>
    info.id === "loop" ? { ...info, polls: "epoll" as const } : info
  );
  const all = recommend(summarize(record(trials), asynchronous));
  assertEquals(all.find((one) => one.goal === goal)?.design, "loop");
});

Deno.test("recommend() lists close designs only if they are better in something else", () => {
  const close = [
    ...around("pool", 0.3, { latency: latency(0.003) }),
    ...around("threads", 0.32, { latency: latency(0.002) }),
    ...around("loop", 0.33, { latency: latency(0.004) }),
  ];
  const { design, alternatives } = recommended(close).get("Lowest CPU time")!;
  assertEquals([design, alternatives], ["pool", ["threads (345 µs CPU per connection)"]]);
});

Deno.test("recommend() takes no design that is better by a hair and costs 20 times as much", () => {
  // As in a run where the cheapest in memory by 0.5 % cost 20 times as much CPU.
  const all = recommended([
    ...around("pool", 0.3, { latency: latency(0.00201) }),
    ...around("threads", 6, { latency: latency(0.002) }),
  ]);
  const { design, closeTo } = all.get("Low tail latency")!;
  assertEquals([design, closeTo], ["pool", null]);
});

Deno.test("recommend() never takes memory that was read after the children had exited", () => {
  const all = recommended([...around("each", 2), ...around("other-each", 9)]);
  assert(!all.has("Little memory"));
  assert([...all.values()].every(({ costs }) => costs.every((cost) => !cost.includes("MiB"))));
});

Deno.test("recommend() takes memory during the load, with children that came and went", () => {
  const all = recommended([
    ...around("each", 2, { memory: { peak: 400, mean: 300 } }),
    ...around("pool", 3, { memory: { peak: 100, mean: 90 } }),
  ]);
  const { design, value } = all.get("Little memory")!;
  assertEquals([design, value], ["pool", "100 MiB"]);
});

Deno.test("recommend() never recommends a dominated design", () => {
  // The second is worse in everything but its children, which are a little more even.
  const all = recommended([
    ...around("pool", 0.3, { children: [501, 499] }),
    ...around("threads", 0.4, { children: [520, 480], latency: latency(0.1) }),
    ...around("loop", 0.5, { latency: latency(0.2) }),
  ]);
  const named = [...all.values()].flatMap(({ design, alternatives }) => [design, ...alternatives]);
  assert(!named.some((text) => text.startsWith("loop")));
  assertEquals(all.get("All children in one process")!.design, "threads");
});

Deno.test("recommend() is empty without valid trials", () => {
  assertEquals(recommended([{ design: "pool", failed: "timed out" }]).size, 0);
});

Deno.test("basisText() speaks of the rounds of the run", () => {
  const text = (n: number) =>
    basisText(summarize(record(around("pool", 0.3).slice(0, n)), registry));
  assertMatch(text(6), /^These recommendations rest on the 6 rounds of this run\. Other/);
  assertMatch(
    text(3),
    /^These recommendations rest on the 3 rounds of this run\. At least 6 are needed/,
  );
  assertMatch(text(1), /^These recommendations rest on a single round, which cannot distinguish/);
});
