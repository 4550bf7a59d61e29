import { assertEquals, assertStringIncludes } from "@std/assert";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";
import { advise } from "./guide.ts";
import { type DesignInfo, summarize } from "../summary/summary.ts";

const registry: DesignInfo[] = [
  { id: "iterative", title: "", children: "none", accepts: "the process", row: 0 },
  { id: "each", title: "", children: "fork", accepts: "the parent", lifetime: "client" },
  { id: "pool", title: "", children: "fork", accepts: "every child", lifetime: "pool" },
  { id: "threads", title: "", children: "worker", accepts: "every thread", lifetime: "pool" },
  { id: "loop", title: "", children: "none", accepts: "an event loop" },
];

/** Six rounds, a hundredth of a second apart. */
const around = (design: string, cpu: number, more: Partial<TrialFixture> = {}) =>
  rounds(design, [0, 1, 2, 3, 4, 5].map((round) => cpu + round / 100), more);

const adviceOf = (trials: readonly TrialFixture[]) =>
  new Map(advise(summarize(record(trials), registry)).map((advice) => [advice.wish, advice]));

Deno.test("advise() names who gives most of what is wished for, among those that can", () => {
  const advice = adviceOf([
    ...around("iterative", 0.1),
    ...around("each", 2, { latency: { p50: 1, p99: 0.9, max: 1 } }),
    ...around("pool", 0.5, { children: [600, 400], latency: { p50: 1, p99: 0.002, max: 1 } }),
    ...around("threads", 0.3, { children: [900, 100], latency: { p50: 1, p99: 0.005, max: 1 } }),
    ...around("stranger", 0.01),
  ]);
  const best = (wish: string) => advice.get(wish)?.best;
  assertEquals(best("the least CPU time"), "threads");
  assertEquals(best("the most clients a second"), "threads");
  assertEquals(best("that hardly anyone waits long"), "pool");
  assertEquals(best("all children equally busy"), "pool");
  assertEquals(best("a crash in one child to spare the others"), "pool");
  assertEquals(best("all children in one process"), "threads");
  assertEquals(best("a fresh child for each client, with nothing left of the one before"), "each");
  assertEquals(best("the simplest program, and clients can wait for each other"), "iterative");
  assertStringIncludes(advice.get("the least CPU time")!.reading, "325 µs of CPU a connection");
});

Deno.test("advise() counts a server without children among those for several clients", () => {
  const advice = adviceOf([...around("iterative", 0.1), ...around("loop", 0.2)]);
  assertEquals(advice.get("the least CPU time")!.best, "loop");
  assertEquals(advice.has("a crash in one child to spare the others"), false);
});

Deno.test("advise() names those within reach of the best, unless there is one round only", () => {
  const close = [...around("pool", 0.3), ...around("threads", 0.32), ...around("each", 0.5)];
  const { asGood, hasSpread } = adviceOf(close).get("the least CPU time")!;
  assertEquals([asGood, hasSpread], [["threads"], true]);
  const once = adviceOf(close.filter(({ round }) => round === 0)).get("the least CPU time")!;
  assertEquals([once.asGood, once.hasSpread], [[], false]);
});

Deno.test("advise() has nothing to say where no trial counts", () => {
  assertEquals(adviceOf([{ design: "pool", failed: "timed out" }]).size, 0);
});
