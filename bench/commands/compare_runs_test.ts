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
  assertMatch(stdout, new RegExp(`^${X} +10 +10 +100\\.1 +110\\.1 .* \\+10 % .* costs more$`, "m"));
  assertMatch(stdout, new RegExp(`^${X}: B costs 10 % more CPU than A \\(95 % interval`, "m"));
  assertMatch(stdout, new RegExp(`^${Y}: B and A: no difference found in 10 rounds`, "m"));
});

Deno.test("compare --fail-above exits 99 for a regression, and 0 for less than that", async () => {
  const worse = await compare(run(1), run(1.1), "--fail-above", "5%");
  assertEquals(worse.code, 99, worse.stderr);
  assertStringIncludes(worse.stdout, "Regression: B costs more by more than 5 %");
  assertEquals((await compare(run(1), run(1.1), "--fail-above", "20")).code, 0);
  assertEquals((await compare(run(1.1), run(1), "--fail-above", "5%")).code, 0);
  assertEquals((await compare(run(1), run(1), "--fail-above", "0")).code, 0);
});

Deno.test("compare --fail-above exits 3 where a design has nothing to be judged by", async () => {
  const failed = record([...rounds(X, cpu, { failed: "timed out" }), ...rounds(Y, cpu)]);
  const { code, stdout } = await compare(run(1), failed, "--fail-above", "5%");
  assertEquals(code, 3);
  assertStringIncludes(stdout, `${X}: no round counts in B: nothing to compare.`);
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
  assertEquals(events.map(({ design, finding, regression }) => [design, finding, regression]), [
    [X, "costs more", true],
    [Y, "no difference", false],
  ]);
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
