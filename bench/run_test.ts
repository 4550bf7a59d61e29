import { assertEquals } from "@std/assert";
import { record, rounds, trial } from "./report/fixture_test.ts";
import type { Plan, Trial } from "./record.ts";
import { runPlan } from "./run.ts";
import type { Executor } from "./trial.ts";

const { run: { plan } } = record([
  ...rounds("prefork-shared-accept", [0.1, 0.2]),
  ...rounds("iterative", [0.1, 0.2]),
]);

/** Runs a plan with trials that come from nowhere, and writes down what happens. */
async function rehearse(plan: Plan, execute: Executor, signal = new AbortController().signal) {
  const diary: string[] = [];
  const recorded: Trial[] = [];
  const write = (word: string) => ({ round, design }: { round: number; design: string }) => {
    diary.push(`${word} ${round} ${design}`);
  };
  const observer = { started: write("started"), noted: () => {}, ended: write("ended") };
  const keep = (trial: Trial) => {
    recorded.push(trial);
    write("recorded")(trial);
  };
  const complete = await runPlan(plan, execute, keep, observer, signal);
  return { complete, diary, recorded };
}

const succeed: Executor = ({ round, design }) => Promise.resolve(trial({ round, design }));

Deno.test("runPlan() runs every trial in the planned order, and records each as it ends", async () => {
  const { complete, diary } = await rehearse(plan, succeed);
  assertEquals(complete, true);
  assertEquals(
    diary,
    plan.trials.flatMap(({ round, design }) =>
      ["started", "recorded", "ended"].map((word) => `${word} ${round} ${design}`)
    ),
  );
});

Deno.test("runPlan() gives the executor the planned trial and the plan", async () => {
  const given: unknown[] = [];
  await rehearse(plan, (planned, of, signal) => {
    given.push([planned, of]);
    return succeed(planned, of, signal);
  });
  assertEquals(given, plan.trials.map((planned) => [planned, plan]));
});

Deno.test("runPlan() runs one trial at a time", async () => {
  let running = 0;
  await rehearse(plan, async (planned, of, signal) => {
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
  const { complete, recorded } = await rehearse(plan, fail);
  assertEquals(complete, true);
  assertEquals(recorded.map(({ status }) => status), ["failed", "ok", "failed", "ok"]);
  assertEquals(recorded[0]!.reason, "no memory");
});

Deno.test("runPlan() does not record the trial in which it is aborted, nor any after it", async () => {
  const controller = new AbortController();
  const { complete, diary } = await rehearse(plan, (planned, of, signal) => {
    if (planned === plan.trials[1]) controller.abort();
    assertEquals(signal, controller.signal);
    return succeed(planned, of, signal);
  }, controller.signal);
  assertEquals(complete, false);
  assertEquals(diary, [
    "started 0 prefork-shared-accept",
    "recorded 0 prefork-shared-accept",
    "ended 0 prefork-shared-accept",
    "started 1 prefork-shared-accept",
  ]);
});

Deno.test("runPlan() starts nothing where it is aborted already", async () => {
  const { complete, diary } = await rehearse(plan, succeed, AbortSignal.abort());
  assertEquals({ complete, diary }, { complete: false, diary: [] });
});

Deno.test("runPlan() is not complete where it is aborted in the last trial", async () => {
  const controller = new AbortController();
  const { complete, recorded } = await rehearse(plan, (planned, of, signal) => {
    if (planned === plan.trials.at(-1)) controller.abort();
    return succeed(planned, of, signal);
  }, controller.signal);
  assertEquals({ complete, count: recorded.length }, { complete: false, count: 3 });
});
