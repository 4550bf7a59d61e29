import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { isLong } from "../../servers/testing/long.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { runTask } from "../../servers/testing/task.ts";
import { designs } from "../../servers/designs.ts";
import { command, findingTexts } from "./compare.ts";
import { compareDesigns } from "../compare/records.ts";
import { record, rounds, type TrialFixture } from "../report/testing_fixture.ts";
import { readRecord } from "../record/store.ts";
import { assertRefused, runHere } from "../testing.ts";

const [A, B] = ["prefork-mutex", "prefork-file-lock"] as const;

/** The first sentence on two designs. */
function firstText(trials: TrialFixture[]): string {
  return findingTexts(compareDesigns(record(trials), A, B), A, B)[0]!;
}

/** The sentence on two designs with these CPU seconds in each round. */
function textOf(cpuOfA: readonly number[], cpuOfB: readonly number[]): string {
  return firstText([...rounds(A, cpuOfA), ...rounds(B, cpuOfB)]);
}

Deno.test("findingTexts() tells what B costs against A, with an interval of 95 %", () => {
  const ofA = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
  const factors = [0.9, 0.91, 0.92, 0.93, 0.94, 0.95, 0.93, 0.92];
  const ofB = ofA.map((cpu, round) => cpu * factors[round]!);
  assertEquals(
    textOf(ofA, ofB),
    `CPU per connection of ${B} is 7.5 % lower than that of ${A} (95 % interval 6.0…9.0 %, ` +
      "p = 0.008, 8 rounds).",
  );
});

Deno.test("findingTexts() says that too few rounds cannot show a difference", () => {
  assertMatch(
    textOf([0.2, 0.2, 0.2, 0.1, 0.1], [0.3, 0.4, 0.5, 0.3, 0.4]),
    /: 5 rounds are too few: .*; at least 6 rounds are needed \(/,
  );
});

Deno.test("findingTexts() tells of no difference how large a one such rounds find", () => {
  const ofA = [0.2, 0.21, 0.19, 0.2, 0.22, 0.18, 0.2, 0.21];
  const ofB = [0.21, 0.2, 0.2, 0.19, 0.2, 0.19, 0.21, 0.2];
  assertMatch(
    textOf(ofA, ofB),
    /: no difference found in 8 rounds \(.*\)\. One of [\d.]+ % would be found 8 times in 10\./,
  );
});

Deno.test("findingTexts() pairs the two designs within each round", () => {
  // Each round B costs 1 % more, although the rounds themselves differ by far more.
  const ofA = [0.1, 0.5, 0.3, 0.9, 0.2, 0.7, 0.4, 0.6];
  assertStringIncludes(
    textOf(ofA, ofA.map((cpu) => cpu * 1.01)),
    `CPU per connection of ${B} is 1.0 % higher than that of ${A}`,
  );
});

Deno.test("findingTexts() leaves out rounds that do not count for both", () => {
  const trials = [
    ...rounds(A, [0.3, 0.4, 0.9]),
    ...rounds(B, [0.1, 0.1]),
    { design: B, round: 2, cpu: 0.1, failed: "a client had errors" },
    ...rounds("iterative", [0.7, 0.8, 0.9]),
  ];
  assertMatch(firstText(trials), /: 2 rounds are too few/);
});

Deno.test("findingTexts() tells no spread of a single round", () => {
  assertMatch(textOf([0.1], [0.25]), /at least 6 rounds are needed \(measured: 2\.5 ×\)\.$/);
});

Deno.test("findingTexts() has nothing to tell without a round that counts for both", () => {
  const nothing = `No round counts for both ${A} and ${B}: nothing to compare.`;
  assertEquals(textOf([0.2], []), nothing);
  const apart = [{ design: A, round: 1 }, { design: B, round: 2 }];
  assertEquals(firstText(apart), nothing);
});

Deno.test("compare runs two designs by turns, and tells both rows and their difference", async () => {
  using folder = new TemporaryFolder();
  const { code, stdout, stderr } = await runTask(
    "compare",
    ...[A, B, "--rounds", "1", "--clients", "2", "--connections", "5"],
    ...["--children", "2", "--output", folder.path],
  );
  assertEquals(code, 0, stderr);
  for (const id of [A, B]) assertMatch(stdout, new RegExp(`^ +\\d +${id} +1 +[+−]?\\d`, "m"));
  assertMatch(
    stdout.replace(/\s+/g, " "),
    new RegExp(
      `CPU per connection of ${B} and ${A}: 1 round is too few: .* \\(measured: .* [%×]\\)\\.`,
    ),
  );
  const { run, trials } = readRecord(folder.path);
  assertEquals(run.complete, true);
  assertEquals(trials.map(({ design }) => design).toSorted(), ["iterative", B, A]);
  for (const { client } of trials) assertEquals(client!.connections, 10);
});

Deno.test("compare --quick has the rounds that a verdict takes, and reads any readable folder", () => {
  const { flags } = command;
  assertStringIncludes(flags.quick!.help, "Run the 6 rounds that a verdict takes");
  assertMatch(config.tasks.compare.command, / --allow-read /);
});

Deno.test({
  name: "compare of a design with itself shows the noise (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    const load = ["--clients", "2", "--connections", "5", "--children", "2", "--quick"];
    const output = ["--fail-above", "0.1", "--output", folder.path];
    const { code, stdout, stderr } = await runTask("compare", A, A, ...load, ...output);
    assertEquals(code, 98, stderr);
    assertStringIncludes(stdout, `${A} again (B) compared with ${A} (A)`);
    const { trials } = readRecord(folder.path);
    assertEquals(trials.filter(({ design }) => design === A).length, 12);
  },
});

Deno.test({
  name: "compare runs external servers by turns, beside a design or each other (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    const server = (name: string) => [
      "--external",
      `${name}=node -e 'require("node:http").createServer((_, reply) => ` +
      `reply.end("A".repeat(10))).listen({port}, "127.0.0.1")'`,
    ];
    const load = ["--service", "http", "--clients", "2", "--connections", "5", "--rounds", "1"];
    const two = [...load, "--bytes", "10", ...server("before"), ...server("after")];
    const args = [...two, "--output", `${folder.path}/run`];
    const { code, stdout, stderr } = await runTask("compare", ...args, "--fail-above", "5%");
    assertEquals(code, 98, stderr);
    assertStringIncludes(stdout, "after (B) compared with before (A)");
    const one = [...server("mine"), "--bytes", "10", "--children", "2"];
    const output = ["--output", `${folder.path}/other`];
    const other = await runTask("compare", "mine", A, ...load, ...one, ...output);
    assertStringIncludes(other.stdout, `${A} (B) compared with mine (A)`);
    const { trials } = readRecord(`${folder.path}/run`);
    assertEquals(trials.map(({ status }) => status), ["ok", "ok", "ok"]);
  },
});

const mistakes: readonly [args: string[], ...words: string[]][] = [
  [[], "deno task compare A B"],
  [[A], "deno task compare A B"],
  [[A, B, "iterative"], "deno task compare A B"],
  [["--external", "mine=serve {port}"], "deno task compare A B"],
  [[A, B, "--external", "mine=serve {port}"], "deno task compare A B"],
  [["mine", "mine", "--external", "mine=serve {port}"], "Cannot run mine twice"],
  [["prefork-mutx", "--external", "mine=serve {port}"], "did you mean prefork-mutex?"],
  [[A, "prefork"], '"prefork"', ...designs.map(({ id }) => id)],
];

for (const [args, ...words] of mistakes) {
  Deno.test(`compare refuses ${args.join(" ") || "nothing"} and writes nothing`, async () => {
    using folder = new TemporaryFolder();
    const output = `${folder.path}/run`;
    assertRefused(await runHere("compare", ...args, "--output", output), 2, ...words);
    assertEquals(folder.names, []);
  });
}
