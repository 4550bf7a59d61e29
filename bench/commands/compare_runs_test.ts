/** Two recorded runs as a user compares them. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { runHere } from "../testing.ts";
import type { Recorded } from "../record/record.ts";
import { record, rounds } from "../report/testing_fixture.ts";

const [X, Y] = ["prefork-mutex", "prefork-file-lock"] as const;
const cpu = [0.1, 0.101, 0.099, 0.102, 0.098, 0.1005, 0.0995, 0.1015, 0.0985, 0.1002];
const times = (factor: number) => cpu.map((seconds) => seconds * factor);

/** A run of both designs with X as dear as this. */
function run(factor: number): Recorded {
  return record([...rounds(X, times(factor)), ...rounds(Y, cpu)]);
}

/** Writes runs into folders a, b and compares them. */
async function compare(a: Recorded, b: Recorded, ...flags: string[]) {
  using folder = new TemporaryFolder();
  const folders = [a, b].map(({ run, trials }, index) => {
    const path = `${folder.path}/${"ab"[index]}`;
    Deno.mkdirSync(path);
    Deno.writeTextFileSync(`${path}/run.json`, JSON.stringify(run));
    const lines = trials.map((trial) => JSON.stringify(trial) + "\n").join("");
    Deno.writeTextFileSync(`${path}/trials.jsonl`, lines);
    return path;
  });
  return await runHere("compare", ...folders, ...flags);
}

function elsewhere({ run, trials }: Recorded): Recorded {
  return { run: { ...run, environment: { ...run.environment, kernel: "7.0" } }, trials };
}

Deno.test("compare tells a design that costs more in the second run, and leaves the other alone", async () => {
  const { code, stdout, stderr } = await compare(run(1), run(1.1));
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const row = `^${X} +CPU µs /conn\\. +100 +110 +\\+10 % .* higher`;
  assertMatch(stdout, new RegExp(row, "m"));
  assertMatch(stdout, new RegExp(`^${X}: CPU per connection of B is 10 % higher than`, "m"));
  // Throughput of the fixture is as low as CPU time is high.
  assertMatch(stdout, new RegExp(`^${X}: Throughput of B is 9\\.1 % lower than`, "m"));
  assertMatch(stdout, new RegExp(`^${Y}: .* no difference found in 10 rounds`, "m"));
});

Deno.test("compare --fail-above exits 99 for a regression, and 0 for less than that", async () => {
  const worse = await compare(run(1), run(1.1), "--fail-above", "5%");
  assertEquals(worse.code, 99, worse.stderr);
  assertStringIncludes(
    worse.stdout,
    "Regression: CPU per connection of prefork-mutex is more than 5 % higher (measured: +10 %)",
  );
  assertEquals((await compare(run(1), run(1.1), "--fail-above", "20")).code, 0);
  assertEquals((await compare(run(1.1), run(1), "--fail-above", "5%")).code, 0);
  const throughput = await compare(run(1), run(1.1), "--fail-above", "cpu=20%,throughput=5%");
  assertEquals(throughput.code, 99);
});

Deno.test("compare --fail-above exits 99 for a tenfold latency, of which CPU time shows nothing", async () => {
  const slow = record([
    ...rounds(X, cpu, { latency: { p50: 0.002, p99: 0.009, max: 0.1 } }),
    ...rounds(Y, cpu),
  ]);
  assertEquals((await compare(run(1), slow, "--fail-above", "5%")).code, 0);
  const { code, stdout } = await compare(run(1), slow, "--fail-above", "p99=20%");
  assertEquals(code, 99);
  assertStringIncludes(
    stdout,
    "Regression: p99 latency of prefork-mutex is more than 20 % higher (measured: 10.0 ×)",
  );
});

Deno.test("compare --fail-above exits 98 when the rounds could not have shown it", async () => {
  const few = (factor: number) => record(rounds(X, times(factor).slice(0, 3)));
  const { code, stdout } = await compare(few(1), few(51), "--fail-above", "5%");
  assertEquals(code, 98);
  assertMatch(
    stdout.replace(/\s+/g, " "),
    /Cannot tell whether .* \(measured: 51\.0 ×\): 3 rounds would not .*; nothing can be said of fewer/,
  );
  const allowed = await compare(few(1), few(51), "--fail-above", "5%", "--allow-unsure");
  assertEquals(allowed.code, 0);
  assertEquals((await compare(run(1), run(1), "--fail-above", "0.1")).code, 98);
});

Deno.test("compare --fail-above never exits 0 where a design is missing", async () => {
  const only = record(rounds(X, cpu));
  for (const [a, b] of [[run(1), only], [only, run(1)]] as const) {
    const { code, stdout } = await compare(a, b, "--fail-above", "5%", "--allow-unsure");
    assertEquals(code, 98);
    assertMatch(stdout, new RegExp(`Cannot tell: ${Y} is missing from [AB]\\.\n$`));
  }
  const failed = record([...rounds(X, cpu, { failed: "timed out" }), ...rounds(Y, cpu)]);
  const { code, stdout } = await compare(run(1), failed, "--fail-above", "5%");
  assertEquals(code, 98);
  assertStringIncludes(stdout, `${X}: no round counts in B: nothing to compare.`);
  assertMatch(stdout, new RegExp(`Cannot tell: no round of ${X} counts in both\\.\n$`));
});

/** The same run on a machine that was busy at its start. */
function busy({ run, trials }: Recorded): Recorded {
  const environment = { ...run.environment, loadAverage: [9, 9, 9] };
  return { run: { ...run, environment }, trials };
}

Deno.test("compare prints what disturbed a run, and widens its intervals; --strict refuses it", async () => {
  const long = (factor: number) =>
    record(rounds(X, Array.from({ length: 4 }, () => times(factor)).flat()));
  const [a, b] = [long(1), busy(long(1.015))];
  const wide = await compare(a, b, "--json");
  const undisturbed = await compare(a, long(1.015), "--json");
  const [first, second] = [wide, undisturbed].map(({ stdout }) => {
    const [runs, cpu] = stdout.split("\n", 2).map((line) => JSON.parse(line));
    return { runs, cpu };
  });
  assertMatch(first!.runs.disturbances[0], /^B: The machine was busy at the start/);
  assertEquals(second!.runs.disturbances, []);
  assert(first!.cpu.interval.low < second!.cpu.interval.low);
  assertMatch(
    (await compare(a, b)).stdout.replace(/\s+/g, " "),
    /widened to at least the noise of single rounds/,
  );
  const refused = await compare(a, b, "--strict");
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertStringIncludes(
    refused.stderr,
    "Cannot compare disturbed runs with --strict: B: The machine",
  );
});

Deno.test("compare refuses runs under different conditions, unless told otherwise", async () => {
  const refused = await compare(run(1), elsewhere(run(1)));
  assertEquals([refused.code, refused.stdout], [2, ""]);
  assertMatch(refused.stderr, /^compare: .*kernel: 6\.18\.5 in A, 7\.0 in B.* --across .*\n$/);
  const across = await compare(run(1), elsewhere(run(1)), "--across");
  assertEquals(across.code, 0, across.stderr);
  assert(across.stdout.replace(/\s+/g, " ").includes("kernel: 6.18.5 in A, 7.0 in B"));
});

Deno.test("compare refuses a sweep, also one with the same values", async () => {
  const sweep = record(rounds(X, cpu), { sweep: { parameter: "children", values: [3, 15] } });
  for (const [a, b, which] of [[sweep, sweep, "a"], [run(1), sweep, "b"]] as const) {
    const { code, stdout, stderr } = await compare(a, b, "--across");
    assertEquals([code, stdout], [2, ""]);
    assertMatch(
      stderr,
      new RegExp(`^compare: Cannot compare /tmp/.*/${which}: it is a sweep.*\n$`),
    );
  }
});

Deno.test("compare --json prints an event a design", async () => {
  const { code, stdout } = await compare(run(1), run(1.1), "--json", "--fail-above", "5%");
  const [runs, ...events] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, runs.event, runs.conditions], [99, "runs", []]);
  const cpuEvents = events.filter(({ metric }) => metric === "cpu");
  assertEquals(cpuEvents.map(({ design, finding, outcome }) => [design, finding, outcome]), [
    [X, "higher", "regression"],
    [Y, "no difference", "passed"],
  ]);
  assertEquals(events.length, 2 * 5);
});

Deno.test("compare refuses what cannot be compared", async () => {
  const strangers = await compare(record(rounds(X, cpu)), record(rounds(Y, cpu)));
  assertEquals([strangers.code, strangers.stdout], [2, ""]);
  assertMatch(strangers.stderr, new RegExp(`no design in common: A has ${X}; B has ${Y}\n$`));

  const mixed = await runHere("compare", "results/x", X);
  assertEquals([mixed.code, mixed.stdout], [2, ""]);
  assertMatch(mixed.stderr, /^compare: .*results\/x.*"prefork-mutex".*\n$/);

  const nothing = await runHere("compare", "/tmp/none/a", "/tmp/none/b");
  assertEquals([nothing.code, nothing.stdout], [5, ""]);

  const planned = await compare(run(1), run(1), "--rounds", "9");
  assertEquals([planned.code, planned.stdout], [2, ""]);
  assertStringIncludes(planned.stderr, "leave out --rounds");

  const amount = await compare(run(1), run(1), "--fail-above", "much");
  assertEquals([amount.code, amount.stdout], [2, ""]);
  assertStringIncludes(amount.stderr, "write --fail-above 5%");
});

Deno.test("compare --chart draws each metric of each design, with its ratio and interval", async () => {
  using folder = new TemporaryFolder();
  const chart = `${folder.path}/changes.svg`;
  const { code, stderr } = await compare(run(1), run(1.1), "--chart", chart);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const svg = Deno.readTextFileSync(chart);
  assertMatch(svg, /prefork-mutex, CPU per connection: \+10 % \(95 % interval \+\d.*, 10 rounds\)/);
  for (const id of [X, Y]) {
    for (const metric of ["cpu", "p99", "throughput"]) {
      assertStringIncludes(svg, `>${id} ${metric}<`);
    }
  }
  assert(!/NaN|Infinity|undefined/.test(svg));
  const refused = await compare(run(1), run(1), "--chart", `${folder.path}/none/changes.svg`);
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "Cannot write ");
});
