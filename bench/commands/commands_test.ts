/** The commands as a user meets them, with the permissions of their tasks. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { ROOT } from "../../servers/testing/process.ts";
import { runTask, type Task } from "../../servers/testing/task.ts";
import { designs } from "../../servers/designs.ts";
import { deriveFiles } from "../report/derive.ts";
import { reportData } from "../report/summary/report_data.ts";
import { readRecord } from "../record/store.ts";
import { assertRefused, runHere } from "../testing.ts";

/** The load and the pool of a short trial: a process less in each saves as much as many connections. */
const SMALL = ["--clients", "2", "--connections", "5", "--children", "2"];

const QUICK = [
  ...["--quick", "--clients", "2", "--connections", "20"],
  ...["--designs", "prefork-shared-accept", "--children", "5"],
];

/** Bytes of every file in a folder. */
function contents({ path, names }: TemporaryFolder): Map<string, string> {
  return new Map(names.map((name) => [name, Deno.readTextFileSync(`${path}/${name}`)]));
}

const mistakes: readonly [args: string[], ...words: string[]][] = [
  [["--designs", "prefork"], '"prefork"', ...designs.map(({ id }) => id)],
  [["--designs", "iterative,"], "Unknown design"],
  [["--designs", "prefork-mutx"], "did you mean prefork-mutex?"],
  [["--desings", "prefork-mutex"], "--desings", "did you mean --designs?"],
  [["--designs", "iterative", "--all"], "--designs", "--all"],
  [["--designs", "perfork-*"], '"perfork-*"', "'prefork-*'"],
  [["--designs", "door"], "Cannot reach door over TCP", "--local"],
  [["--children", "0"], "--children must be 1 to 1000, not 0"],
  [["--rounds", "x"], "--rounds must be a whole number, 1 to 1000, not x"],
  [["--rounds"], "--rounds N"],
  [["--clients=-1"], "--clients must be 1 to 100000, not -1"],
  [["--clients", "-1"], "--clients must be 1 to 100000, not -1"],
  [["--bytes", "4e3"], "--bytes must be a whole number, 1 to 16777216, not 4e3; units are k, M"],
  [["--seed", "-1"], "--seed must be 0 or more, not -1"],
  [["--seed", "4294967296"], "--seed must be 0 to 4294967295, not 4294967296"],
  [["--sessions", "one"], "--sessions must be separate or same, not one"],
  [["--pin", "first"], '"first"', "server=0,client=1", "--pin 0 for both"],
  [["--pin", "server=4096"], "4096"],
  [["--external", "mine"], '"mine"', "write --external 'NAME=COMMAND'"],
  [["--external", "mine=serve 8080"], "Cannot tell mine its port"],
  [["--preset", "ngimx", "--service", "http"], "did you mean nginx?"],
  [["--preset", "nginx"], "Cannot measure nginx with the service bytes", "--service"],
  [["--preset", "none-*"], 'Cannot run presets like "none-*"'],
  [["--target", "/"], "Cannot use --target without --external"],
  [["--external", "mine=a {port}", "--target", "x"], "target must begin with /"],
  [["--baseline", "none"], 'Cannot find the recorded run "none"'],
  [["--fail-above", "5%"], "Cannot use --fail-above", "write --baseline RUN"],
  [["--name", "a", "--save-baseline", "b"], "Cannot name a run both a and b"],
  [["--externals", "/none.json"], "Cannot read /none.json"],
  [["--round", "3"], "--round", "deno task bench --help"],
  [["iterative", "prefork-mutex"], '"iterative"', "--designs iterative,prefork-mutex"],
];

for (const [args, ...words] of mistakes) {
  Deno.test(`bench refuses ${args.join(" ")} and writes nothing`, async () => {
    using folder = new TemporaryFolder();
    const refused = await runHere("bench", "--output", `${folder.path}/run`, ...args);
    assertRefused(refused, 2, ...words);
    assertEquals(folder.names, []);
  });
}

Deno.test("bench refuses an output folder that has files, and leaves them alone", async () => {
  using folder = new TemporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/notes.txt`, "mine");
  const refused = await runHere("bench", ...QUICK, "--output", folder.path);
  assertRefused(refused, 2, folder.path, "--output");
  assertEquals(contents(folder), new Map([["notes.txt", "mine"]]));
});

Deno.test("bench refuses an output folder that it cannot write", async () => {
  using folder = new TemporaryFolder();
  const file = `${folder.path}/file`;
  Deno.writeTextFileSync(file, "");
  for (const output of [file, `${file}/run`, "/proc/x"]) {
    assertRefused(await runHere("bench", ...QUICK, "--output", output), 2, output);
  }
  assertEquals(contents(folder), new Map([["file", ""]]));
});

const commands = Object.entries(config.tasks)
  .filter(([, { command }]) => command.includes("bench/herd.ts"))
  .map(([name]) => name as Task);

for (const task of commands) {
  Deno.test(`${task} answers --help, and refuses a flag it does not know`, async () => {
    // Started for real, it needs no permission but those of its task.
    const { code, stdout, stderr } = await runTask(task, "--help");
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertStringIncludes(stdout, `Usage: deno task ${task}`);
    assertRefused(await runHere(task, "--nonsense"), 2, "--nonsense", `deno task ${task} --help`);
  });
}

Deno.test("a start without --allow-ffi says which permission is missing", async () => {
  const programs = ["bench/herd.ts serve iterative", "servers/ipc/channel/agent.ts"];
  for (const program of programs) {
    const args = ["run", "--no-prompt", "--allow-env=INIT_CWD", ...program.split(" ")];
    const command = new Deno.Command(Deno.execPath(), { args, cwd: ROOT });
    const { code, stderr } = await command.output();
    const text = new TextDecoder().decode(stderr);
    assertMatch(text, /^\w+: Cannot call C functions: run Deno with --allow-ffi\n$/);
    assertEquals(code, 4);
  }
});

Deno.test("designs lists every design", async () => {
  const { code, stdout, stderr } = await runHere("designs");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(stdout.trimEnd().split("\n").map((line) => line.split(" ")[0]), ids());
  const lines = (await runHere("designs", "--json")).stdout.trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).id), ids());
});

function ids(): string[] {
  return designs.map(({ id }) => id);
}

Deno.test({
  name: "bench --baseline compares the new run with a recorded one, and judges it (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    const [before, after] = [`${folder.path}/before`, `${folder.path}/after`];
    const run = (output: string, ...more: string[]) =>
      runTask("bench", ...QUICK, "--designs", "iterative", "--output", output, ...more);
    const saved = await run(before, "--save-baseline", "saved");
    assertEquals([saved.code, readRecord(before).run.name], [0, "saved"]);
    const { code, stdout } = await run(after, "--baseline", before, "--fail-above", "5%");
    assertEquals(code, 98, "one round cannot tell");
    assertStringIncludes(stdout, "Two runs: B compared with A");
    assertStringIncludes(stdout, `A: ${before}, `);
  },
});

Deno.test("bench runs, records and prints; tables gives the same again from the record", async () => {
  using folder = new TemporaryFolder();
  const places = ["--pin", "server=0,client=0", "--sessions", "same", "--think", "1"];
  const output = ["--output", folder.path, "--seed", "7"];
  const bench = await runTask("bench", ...QUICK, ...places, ...output);
  assertEquals(bench.code, 0, bench.stderr);
  assertStringIncludes(bench.stderr, "prefork-shared-accept and the baseline iterative × 1 round,");
  assertEquals(bench.stderr.match(/^round 1\/1 .* connections\/s$/gm)?.length, 2);

  const recorded = readRecord(folder.path);
  const { run, trials } = recorded;
  const { complete, plan } = run;
  assertEquals([complete, plan.seed, plan.rounds], [true, 7, 1]);
  assertEquals([plan.sessions, plan.think, plan.pin], ["same", 1, { server: [0], client: [0] }]);
  assert(run.endedAt !== null && run.endedAt >= run.startedAt);
  assertEquals(trials.map(({ design }) => design), plan.trials.map(({ design }) => design));
  for (const { status, children } of trials) {
    assertEquals(status, "ok");
    assertEquals(children.reduce((sum, { connections }) => sum + connections!, 0), 40);
  }
  const derived = [...(await deriveFiles(await reportData(recorded))).keys()];
  const files = [...derived, "run.json", "trials.jsonl"];
  assertEquals(folder.names, files.toSorted());

  assertMatch(bench.stdout, /^Table 30\.1: /m);
  assertMatch(bench.stdout, /^Table 30\.2: /m);
  assertMatch(bench.stdout, /^sum +40$/m);
  const words = bench.stdout.replaceAll(/\s+/g, " ");
  assertStringIncludes(words, "the same session, server on processors 0, client on processors 0");
  assertStringIncludes(words, "Clients wait 1 ms between connections");
  const paths = `Report: ${folder.path}/report.html\nRecorded in ${folder.path}\n`;
  const [printed, rest] = bench.stdout.split(paths);
  assertEquals(rest, "");

  const before = contents(folder);
  for (const name of derived) Deno.removeSync(`${folder.path}/${name}`);
  const tables = await runTask("tables", folder.path);
  assertEquals([tables.code, tables.stderr], [0, ""]);
  assertEquals(tables.stdout.trim(), printed!.trim());
  assertEquals(contents(folder), before);
});

Deno.test({
  name: "bench --json prints JSON lines and nothing else; flags go before --quick",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const args = [
      "--designs",
      "iterative",
      "--rounds",
      "2",
      "--connections",
      "3",
      "--clients",
      "2",
    ];
    const output = ["--json", "--output", folder.path];
    const { code, stdout, stderr } = await runTask("bench", "--quick", ...args, ...output);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const events = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(events.map(({ event }) => event), [
      "run",
      "trial",
      "trial",
      "summary",
      "done",
    ]);
    const { event: _, ...summary } = events.at(-2);
    const again = await runHere("tables", folder.path, "--format", "json");
    assertEquals(summary, JSON.parse(again.stdout));
    assertEquals(events.at(-1), { event: "done", folder: folder.path, complete: true, failed: 0 });
    const { run: { plan }, trials } = readRecord(folder.path);
    assertEquals(events[0].plan, plan);
    assertEquals([plan.rounds, plan.clients, plan.connections], [2, 2, 3]);
    assertEquals(
      events.slice(1, 3).map(({ startedAt }) => startedAt),
      trials.map((trial) => trial.startedAt),
    );
    assertGreater(trials[1]!.round, trials[0]!.round);
    for (const { client } of trials) assertEquals(client!.connections, 6);
  },
});

Deno.test("bench ends when its time is up, and can be gone on with", async () => {
  using folder = new TemporaryFolder();
  const args = ["--designs", "prefork-mutex", "--rounds", "100", ...SMALL];
  const output = ["--output", folder.path];
  const { code, stderr } = await runTask("bench", ...args, "--max-time", "1", ...output);
  assertEquals(code, 124, stderr);
  assertMatch(stderr, /^Time is up; .* --resume /m);
  const { run, trials } = readRecord(folder.path);
  assertEquals(run.complete, false);
  assert(trials.length < 200);
});

Deno.test({
  name: "bench ends a load at its time, and says what it counted (a long test)",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const load = ["--rounds", "1", "--clients", "2", "--connections", "2000", "--children", "2"];
    const args = ["--designs", "prefork-mutex", "--run-limit", "1", "--think", "10"];
    const { code, stdout, stderr } = await runTask(
      "bench",
      ...args,
      ...load,
      "--output",
      folder.path,
    );
    assertEquals(code, 0, stderr);
    const pool = readRecord(folder.path).trials.find(({ design }) => design === "prefork-mutex")!;
    const { connections, wallSeconds } = pool.client!;
    assert(connections > 0 && connections < 4000 && wallSeconds >= 1, `${connections}`);
    assertEquals(pool.children.reduce((sum, child) => sum + child.connections!, 0), connections);
    assertMatch(
      stdout.replaceAll(/\s+/g, " "),
      new RegExp(
        `Ended after 1 s of load: prefork-mutex \\(about ${connections}\\) of 4000 connections`,
      ),
    );
  },
});

Deno.test("tables refuses what is no record", async () => {
  using folder = new TemporaryFolder();
  assertRefused(await runHere("tables", folder.path), 5, `${folder.path}/run.json`);
  assertRefused(await runHere("tables", `${folder.path}/none/`), 5, `${folder.path}/none/run.json`);
  Deno.writeTextFileSync(`${folder.path}/run.json`, '{"schema": 1, "plan": ');
  assertRefused(await runHere("tables", folder.path), 5, `${folder.path}/run.json`, "JSON");
  Deno.writeTextFileSync(`${folder.path}/run.json`, '{"schema": 1, "plan": {}}');
  assertRefused(await runHere("tables", folder.path), 5, `${folder.path}/run.json`, "field");
  assertEquals(folder.names, ["run.json"]);
});

Deno.test("tables refuses a second run", async () => {
  assertRefused(await runHere("tables", "results/a", "results/b"), 2, '"results/b"');
});

Deno.test({
  name: "bench --local runs doors beside pools behind Unix-domain sockets (a long test)",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const local = ["door", "iterative", "prefork-mutex"];
    const args = ["--local", "--quick", ...SMALL];
    const { code, stdout, stderr } = await runTask(
      "bench",
      ...[...args, "--designs", local.join(), "--output", folder.path],
    );
    assertEquals(code, 0, stderr);
    const { run, trials } = readRecord(folder.path);
    assertEquals([run.plan.local, run.complete], [true, true]);
    assertEquals(trials.map(({ design }) => design).toSorted(), local);
    for (const { status, reason, children, kernel } of trials) {
      assertEquals([status, reason], ["ok", null]);
      assertEquals(children.reduce((sum, { connections }) => sum + connections!, 0), 10);
      assertEquals(kernel.passiveOpens, null);
    }
    assertMatch(stdout, /^Local servers: cost of each design$/m);
    assertMatch(stdout, /^ *– +door +1 +door /m);
    assertMatch(stdout, /^ *4 +prefork-mutex +1 +unix /m);
  },
});

Deno.test({
  name: "messages measures each means, and says whether doors are the fastest (a long test)",
  ignore: !isLong,
  fn: async () => {
    const { code, stdout, stderr } = await runTask("messages", "--calls", "100", "--rounds", "1");
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    for (
      const means of ["function call", "Atomics", "pipe", "Unix-domain socket", "TCP", "door call"]
    ) {
      assertMatch(stdout, new RegExp(`^${means} .* \\d+\\.\\d+ `, "m"));
    }
    assertMatch(stdout, /^A door call takes .* (holds|does not hold) here/m);
  },
});
