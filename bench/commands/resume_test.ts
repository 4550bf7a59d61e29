/** A run that ended early, and is gone on with. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { isLong } from "../../servers/testing/long.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { RunningTask, runTask } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";
import { assertRefused, runHere } from "../testing.ts";
import { makePlan } from "../plan/plan.ts";
import { start } from "../run/record_run.ts";
import type { Planned } from "../run/trial.ts";

/** The least of each command: a trial that is made before it is killed, and one after. */
const plans = {
  bench: ["--designs", "iterative", "--rounds", "2"],
  sweep: ["--designs", "prefork-mutex", "--rounds", "1", "--children", "2,3"],
} as const;

for (const task of isLong ? ["bench", "sweep"] as const : ["bench"] as const) {
  Deno.test(`${task} --resume finishes a run that was killed, every trial exactly once`, () =>
    killAndResume(task));
}

async function killAndResume(task: "bench" | "sweep"): Promise<void> {
  using folder = new TemporaryFolder();
  const run = `${folder.path}/run`;
  {
    const args = [
      ...plans[task],
      "--clients",
      "2",
      "--connections",
      "5",
      "--json",
      "--output",
      run,
    ];
    await using bench = new RunningTask(task, args);
    await bench.nextLine(); // the plan
    await bench.nextLine(); // the first trial
    bench.signal("SIGKILL");
    await bench.ended();
  }
  const before = readRecord(run);
  assertEquals(before.run.complete, false);
  // As if it had been killed while it was writing.
  Deno.writeTextFileSync(`${run}/trials.jsonl`, '{"round":2,"posi', { append: true });

  // Two at once: one runs what is left, the other is refused, or comes when it is done.
  const both = await Promise.all([1, 2].map(() => runTask(task, "--resume", run)));
  const [first, second] = both.toSorted((a, b) => a.code - b.code);
  assertEquals(first!.code, 0, `${first!.stderr}${second!.stderr}${second!.stdout}`);
  if (second!.code !== 0) assertRefused(second!, 2, run, "another program records there");
  const { run: { complete, plan }, trials } = readRecord(run);
  assertEquals(complete, true);
  const key = ({ round, design, poolSize }: Planned) => `${round} ${design} ${poolSize}`;
  assertEquals(trials.map(key), plan.trials.map(key));
  assertEquals(trials.slice(0, before.trials.length), [...before.trials]);
}

Deno.test("bench --resume of a run that goes on changes nothing, and says so", async () => {
  using folder = new TemporaryFolder();
  const plan = makePlan({
    designs: [],
    rounds: 1,
    seed: 1,
    clients: 1,
    connections: 1,
    children: 1,
  });
  using _store = (await start(plan, `${folder.path}/run`)).store;
  const files = () => readRecord(`${folder.path}/run`);
  const before = files();
  const outcome = await runHere("bench", "--resume", `${folder.path}/run`);
  const message = "another program records there; wait until it has ended";
  assertRefused(outcome, 2, `${folder.path}/run`, message);
  assertEquals(files(), before);
});

Deno.test("bench --resume of a complete run changes nothing, and says so", async () => {
  using folder = new TemporaryFolder();
  const reference = new URL("../../results/reference/", import.meta.url);
  for (const name of ["run.json", "trials.jsonl"]) {
    Deno.copyFileSync(new URL(name, reference), `${folder.path}/${name}`);
  }
  const contents = () =>
    folder.names.map((name) => Deno.readTextFileSync(`${folder.path}/${name}`));
  const before = contents();
  const { code, stdout, stderr } = await runHere("bench", "--resume", folder.path);
  assertEquals([code, stderr], [
    0,
    `The run ${folder.path} is complete: there is nothing to continue\n`,
  ]);
  assertStringIncludes(stdout, "Table 30.1");
  assertEquals(contents(), before);
});

Deno.test("bench --resume does not change the plan", async () => {
  const outcome = await runHere("bench", "--resume", "results/x", "--rounds", "2");
  assertRefused(outcome, 2, "leave out --rounds");
});
