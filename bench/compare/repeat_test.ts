import { assertEquals, assertRejects } from "@std/assert";
import { FailedError } from "../../servers/errors.ts";
import { makePlan } from "../plan/plan.ts";
import { trial } from "../report/testing_fixture.ts";
import type { Executor, Planned } from "../run/trial.ts";
import { compareCosts } from "./comparison.ts";
import { repeatComparison, type Repeated, type Repetition } from "./repeat.ts";

const [A, B] = ["prefork-mutex", "prefork-shared-accept"] as const;
const NEVER = new AbortController().signal;
const ROUNDS = 6;

/** What the fixture's trials of 1000 connections cost each. */
const MICROSECONDS = 100;
const cpu = 0.1;

/** Compares by trials that come from nowhere. */
async function repeat(
  execute: Executor,
  { seed = 1, signal = NEVER, ...repeated }: Partial<Repeated> & {
    seed?: number;
    signal?: AbortSignal;
  } = {},
): Promise<{ all: Repetition[]; planned: Planned[] }> {
  const of = { a: A, b: B, extraShare: 0, comparisons: 3, ...repeated };
  const plan = makePlan({ designs: [of.a, of.b], rounds: ROUNDS, seed });
  const planned: Planned[] = [];
  const all: Repetition[] = [];
  const spy: Executor = (one, ...rest) => {
    planned.push(one);
    return execute(one, ...rest);
  };
  for await (const repetition of repeatComparison(of, plan, spy, signal)) all.push(repetition);
  return { all, planned };
}

/** Every trial costs something else, B's twice as much as A's. */
const rising: () => Executor = () => {
  let trials = 0;
  return ({ design, round }) => {
    const cost = (1 + trials++ / 1000) * (design === A ? cpu : 2 * cpu);
    return Promise.resolve(trial({ design, round, cpu: cost }));
  };
};

Deno.test("repeatComparison() runs both designs once a round, in an order that follows from the seed", async () => {
  const { planned } = await repeat(rising());
  assertEquals(planned.length, 3 * ROUNDS * 2);
  const rounds = Array.from({ length: 3 * ROUNDS }, (_, i) => planned.slice(2 * i, 2 * i + 2));
  for (const [i, pair] of rounds.entries()) {
    assertEquals(pair.map(({ round, position }) => [round, position]), [
      [1 + i % ROUNDS, 0],
      [1 + i % ROUNDS, 1],
    ]);
    assertEquals(pair.map(({ design }) => design).toSorted(), [A, B]);
  }
  const first = rounds.map(([one]) => one!.design);
  assertEquals(new Set(first), new Set([A, B]));
  assertEquals((await repeat(rising())).planned, planned);
  const { planned: others } = await repeat(rising(), { seed: 2 });
  assertEquals(others.every((one, i) => one.design === planned[i]!.design), false);
});

Deno.test("repeatComparison() compares what the trials of its own rounds cost, as compare does", async () => {
  const { all } = await repeat(rising());
  const costs = all.flatMap(({ costs: { a, b } }) => [...a, ...b]);
  assertEquals(new Set(costs).size, 3 * ROUNDS * 2);
  for (const { costs, comparison } of all) assertEquals([comparison], compareCosts([costs]));
  assertEquals(all.map(({ index }) => index), [1, 2, 3]);
});

Deno.test("repeatComparison() tells the two sides of one design apart", async () => {
  let trials = 0;
  const { all, planned } = await repeat(
    ({ design, round }) => Promise.resolve(trial({ design, round, cpu: ++trials / 10 })),
    { a: A, b: A },
  );
  assertEquals(new Set(planned.map(({ design }) => design)), new Set([A]));
  const costs = all.flatMap(({ costs: { a, b } }) => [...a, ...b].map((one) => Math.round(one)));
  assertEquals(costs.toSorted((a, b) => a - b), planned.map((_, i) => (i + 1) * MICROSECONDS));
});

Deno.test("repeatComparison() has B waste a share of what A cost last", async () => {
  let trials = 0;
  const { all, planned } = await repeat(({ design, round, load: { work } }) => {
    // The machine is half as fast from the second comparison on.
    const seconds = trials++ < 5 + 2 * ROUNDS ? cpu : 2 * cpu;
    return Promise.resolve(trial({ design, round, cpu: seconds + 1000 * work / 1e6 }));
  }, { a: A, b: A, extraShare: 0.1 });
  const calibration = planned.slice(0, -3 * ROUNDS * 2);
  assertEquals(calibration.length, 5);
  for (const { design, load } of calibration) assertEquals([design, load.work], [A, 0]);
  assertEquals(all.map(({ extraCpu }) => extraCpu), [10_000, 10_000, 20_000]);
  assertEquals(all.map(({ comparison }) => comparison!.ratio.toFixed(2)), ["1.10", "1.05", "1.10"]);
});

Deno.test("repeatComparison() leaves out trials that do not count, and says why", async () => {
  const { all: [first, second] } = await repeat(({ design, round }) => {
    const fails = design === B && round < 3;
    return Promise.resolve(
      trial({ design, round, ...(fails ? { failed: `round ${round}` } : {}) }),
    );
  });
  assertEquals(first!.comparison!.rounds, { a: ROUNDS - 2, b: ROUNDS - 2 });
  assertEquals(first!.failures, ["round 1", "round 2"]);
  assertEquals(second!.failures, ["round 1", "round 2"]);
  const fail: Executor = ({ design }) => Promise.resolve(trial({ design, failed: "no luck" }));
  const { all: [none] } = await repeat(fail, { comparisons: 1 });
  assertEquals([none!.comparison, none!.failures.length], [null, 2 * ROUNDS]);
  await assertRejects(() => repeat(fail, { extraShare: 0.1 }), FailedError, "no luck");
});

Deno.test("repeatComparison() ends where it is aborted, with the comparisons that are whole", async () => {
  const controller = new AbortController();
  let trials = 0;
  const { all } = await repeat((planned, plan, signal) => {
    if (++trials === 2 * ROUNDS + 3) controller.abort();
    return rising()(planned, plan, signal);
  }, { signal: controller.signal });
  assertEquals([all.length, trials], [1, 2 * ROUNDS + 3]);
  const aborted = await repeat(rising(), { extraShare: 0.1, signal: AbortSignal.abort() });
  assertEquals(aborted, { all: [], planned: [] });
});
