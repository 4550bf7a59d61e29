import { assert, assertEquals } from "@std/assert";
import { record, rounds, trial } from "../report/testing_fixture.ts";
import type { Plan, Trial } from "../record/record.ts";
import { Budget } from "./budget.ts";
import { runPlan } from "./run.ts";
import type { Executor, Planned } from "./trial.ts";

const { run: { plan } } = record([
  ...rounds("prefork-shared-accept", [0.1, 0.2]),
  ...rounds("iterative", [0.1, 0.2]),
]);

/** Runs a plan with made-up trials, and logs what happens. */
async function runWith(
  plan: Plan,
  execute: Executor,
  signal = new AbortController().signal,
  work: Parameters<typeof runPlan>[5] = {},
) {
  const log: string[] = [];
  const recorded: Trial[] = [];
  const write = (word: string) => ({ round, design }: { round: number; design: string }) => {
    log.push(`${word} ${round} ${design}`);
  };
  const observer = {
    started: write("started"),
    noted: () => {},
    ended: write("ended"),
    leftOut: (trials: readonly Planned[]) => trials.forEach(write("left out")),
  };
  const keep = (trial: Trial) => {
    recorded.push(trial);
    write("recorded")(trial);
  };
  const complete = await runPlan(plan, execute, keep, observer, signal, work);
  return { complete, log, recorded };
}

const succeed: Executor = ({ round, design }) => Promise.resolve(trial({ round, design }));

Deno.test("runPlan() runs every trial in the planned order, and records each as it ends", async () => {
  const { complete, log } = await runWith(plan, succeed);
  assertEquals(complete, true);
  assertEquals(
    log,
    plan.trials.flatMap(({ round, design }) =>
      ["started", "recorded", "ended"].map((word) => `${word} ${round} ${design}`)
    ),
  );
});

Deno.test("runPlan() gives the executor the planned trial and the plan", async () => {
  const given: unknown[] = [];
  await runWith(plan, (planned, of, signal) => {
    given.push([planned, of]);
    return succeed(planned, of, signal);
  });
  assertEquals(given, plan.trials.map((planned) => [planned, plan]));
});

Deno.test("runPlan() runs one trial at a time", async () => {
  let running = 0;
  await runWith(plan, async (planned, of, signal) => {
    assertEquals(++running, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    return await succeed(planned, of, signal);
  });
  assertEquals(running, 0);
});

Deno.test("runPlan() records a trial that fails, and goes on", async () => {
  const fail: Executor = ({ round, design }) =>
    Promise.resolve(trial({ round, design, ...(round === 0 ? { failed: "no memory" } : {}) }));
  const { complete, recorded } = await runWith(plan, fail);
  assertEquals(complete, true);
  assertEquals(recorded.map(({ status }) => status), ["failed", "ok", "failed", "ok"]);
  assertEquals(recorded[0]!.reason, "no memory");
});

Deno.test("runPlan() does not record the trial in which it is aborted, nor any after it", async () => {
  const controller = new AbortController();
  const { complete, log } = await runWith(plan, (planned, of, signal) => {
    if (planned === plan.trials[1]) controller.abort();
    assertEquals(signal, controller.signal);
    return succeed(planned, of, signal);
  }, controller.signal);
  assertEquals(complete, false);
  assertEquals(log, [
    "started 0 prefork-shared-accept",
    "recorded 0 prefork-shared-accept",
    "ended 0 prefork-shared-accept",
    "started 1 prefork-shared-accept",
  ]);
});

Deno.test("runPlan() starts nothing if it is aborted already", async () => {
  const { complete, log } = await runWith(plan, succeed, AbortSignal.abort());
  assertEquals({ complete, log }, { complete: false, log: [] });
});

Deno.test("runPlan() is not complete if it is aborted in the last trial", async () => {
  const controller = new AbortController();
  const { complete, recorded } = await runWith(plan, (planned, of, signal) => {
    if (planned === plan.trials.at(-1)) controller.abort();
    return succeed(planned, of, signal);
  }, controller.signal);
  assertEquals({ complete, count: recorded.length }, { complete: false, count: 3 });
});

/** A plan of many rounds of three designs, in order, within a budget of seconds. */
function manyRounds(budget: number): Plan {
  const designs = ["iterative", "fork-per-client", "prefork-mutex"];
  const { run } = record(designs.flatMap((design) => rounds(design, Array(20).fill(1))));
  const trials = run.plan.trials.toSorted((a, b) => a.round - b.round);
  return { ...run.plan, trials, limits: { ...run.plan.limits, budget } };
}

/** Trials that take a second, of fork-per-client ten. */
const slowly: Executor = ({ round, design }) => {
  const one = trial({ round, design });
  return Promise.resolve({ ...one, seconds: design === "fork-per-client" ? 10 : 1 });
};

/** The number of rounds of each design. */
function roundsOf(trials: readonly Trial[]): Record<string, number> {
  const counts = [...Map.groupBy(trials, ({ design }) => design)];
  return Object.fromEntries(counts.map(([design, same]) => [design, same.length]));
}

Deno.test("runPlan() spends its budget: slow designs join the first rounds, quick ones the others", async () => {
  const { complete, recorded, log } = await runWith(manyRounds(60), slowly);
  assertEquals(complete, true);
  // 3 × 12 s, and 12 × 2 s: the budget is spent.
  assertEquals(roundsOf(recorded), { iterative: 15, "fork-per-client": 3, "prefork-mutex": 15 });
  const leftOut = log.filter((line) => line.startsWith("left out"));
  assertEquals(leftOut[0], "left out 3 fork-per-client");
  assertEquals(log.indexOf(leftOut[0]!), log.indexOf("ended 2 prefork-mutex") + 1);
  const whole = await runWith(manyRounds(600), slowly);
  assertEquals(roundsOf(whole.recorded), {
    iterative: 20,
    "fork-per-client": 20,
    "prefork-mutex": 20,
  });
});

Deno.test("runPlan() always runs the first round, and never the baseline alone", async () => {
  for (const [budget, most] of [[1, 1], [13, 1], [25, 2]] as const) {
    const { recorded } = await runWith(manyRounds(budget), slowly);
    const { iterative, "prefork-mutex": pool } = roundsOf(recorded);
    assertEquals([iterative, pool], [most, most], `${budget} s`);
  }
  const { run } = record(rounds("iterative", [1, 1, 1, 1]));
  const alone = { ...run.plan, limits: { ...run.plan.limits, budget: 3 } };
  assertEquals(roundsOf((await runWith(alone, slowly)).recorded), { iterative: 3 });
});

Deno.test("a Budget counts the time between trials", () => {
  const plan = manyRounds(40);
  const [first, second] = [1, 2].map((round) => plan.trials.filter((one) => one.round === round));
  const budget = new Budget(plan);
  for (const planned of first!) budget.add(trial({ design: planned.design }), 10); // of which it takes 1 s
  assertEquals(budget.leftOut(second!), second); // it would take 30 s again
  const another = new Budget(plan);
  for (const planned of first!) another.add(trial({ design: planned.design }), 5);
  assertEquals(another.leftOut(second!), []);
});

Deno.test("runPlan() leaves out nothing without a budget", async () => {
  assertEquals((await runWith(manyRounds(0), slowly)).recorded.length, 60);
});

Deno.test("runPlan() counts the time of trials that are done", async () => {
  const plan = manyRounds(60);
  const { recorded } = await runWith(plan, slowly);
  const [done, pending] = [recorded.slice(0, 10), plan.trials.slice(10)];
  const rest = await runWith(plan, slowly, undefined, { done, pending });
  // The tenth trial is the first of the fourth round, which is finished as planned.
  const { "prefork-mutex": pool } = roundsOf([...done, ...rest.recorded]);
  assert(pool! < 15, `${pool}`);
});
