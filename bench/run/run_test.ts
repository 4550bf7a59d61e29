import { assertEquals } from "@std/assert";
import { record, rounds, trial } from "../report/testing_fixture.ts";
import type { Plan, Trial } from "../record/record.ts";
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

/** A plan of four rounds of three designs, in order. */
function fourRounds(limit: number): Plan {
  const designs = ["iterative", "fork-per-client", "prefork-mutex"];
  const { run } = record(designs.flatMap((design) => rounds(design, [1, 1, 1, 1])));
  const trials = run.plan.trials.toSorted((a, b) => a.round - b.round);
  return { ...run.plan, trials, limits: { ...run.plan.limits, design: limit } };
}

/** Trials whose loads take a second, of fork-per-client ten, and of the baseline a hundred. */
const slowly: Executor = ({ round, design }) => {
  const wallSeconds = { "iterative": 100, "fork-per-client": 10 }[design] ?? 1;
  const one = trial({ round, design });
  return Promise.resolve({ ...one, client: { ...one.client!, wallSeconds } });
};

function roundsOf(trials: readonly Trial[], id: string): number[] {
  return trials.filter(({ design }) => design === id).map(({ round }) => round);
}

Deno.test("runPlan() leaves out a design over its time limit, but never the baseline", async () => {
  const { complete, recorded, log } = await runWith(fourRounds(20), slowly);
  assertEquals(complete, true);
  assertEquals(roundsOf(recorded, "iterative"), [0, 1, 2, 3]);
  assertEquals(roundsOf(recorded, "prefork-mutex"), [0, 1, 2, 3]);
  assertEquals(roundsOf(recorded, "fork-per-client"), [0, 1]);
  const leftOut = log.filter((line) => line.startsWith("left out"));
  assertEquals(leftOut, ["left out 2 fork-per-client", "left out 3 fork-per-client"]);
  assertEquals(log.indexOf(leftOut[0]!), log.indexOf("ended 1 fork-per-client") + 1);
});

Deno.test("runPlan() leaves out nothing without a limit", async () => {
  const { recorded } = await runWith(fourRounds(0), slowly);
  assertEquals(recorded.length, 12);
});

Deno.test("runPlan() counts the trials that are done", async () => {
  const plan = fourRounds(20);
  const { recorded } = await runWith(plan, slowly);
  const done = recorded.slice(0, 5); // the last one is fork-per-client's second
  const pending = plan.trials.slice(5);
  const rest = await runWith(plan, slowly, undefined, { done, pending });
  assertEquals([...done, ...rest.recorded], recorded);
  assertEquals(rest.log.slice(0, 2), [
    "left out 2 fork-per-client",
    "left out 3 fork-per-client",
  ]);
});

Deno.test("runPlan() has a limit for each value of a sweep", async () => {
  const sweep = { parameter: "children", values: [15, 30] } as const;
  const at = (poolSize: number) => rounds("fork-per-client", [1, 1, 1], { poolSize });
  const { run } = record([...at(15), ...at(30)], { sweep: { ...sweep, values: [15, 30] } });
  const plan = { ...run.plan, limits: { ...run.plan.limits, design: 15 } };
  const execute: Executor = async (planned, ...rest) => ({
    ...await slowly(planned, ...rest),
    poolSize: planned.poolSize,
  });
  const { recorded } = await runWith(plan, execute);
  const places = recorded.map(({ poolSize, round }) => [poolSize, round]);
  assertEquals(places, [[15, 0], [15, 1], [30, 0], [30, 1]]);
});
