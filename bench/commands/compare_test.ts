import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { runTask } from "../../servers/testing/task.ts";
import { designs } from "../../servers/designs.ts";
import { differenceText } from "./compare.ts";
import { record, rounds } from "../report/testing_fixture.ts";
import { readRecord } from "../record/store.ts";
import { assertRefused, runHere } from "../testing.ts";

const [A, B] = ["prefork-mutex", "prefork-file-lock"] as const;

/** The sentence on two designs with these CPU seconds in each round. */
function textOf(cpuOfA: readonly number[], cpuOfB: readonly number[]): string {
  return differenceText(record([...rounds(A, cpuOfA), ...rounds(B, cpuOfB)]), A, B);
}

Deno.test("differenceText() tells what B costs against A, with an interval of 95 %", () => {
  const ofA = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
  const factors = [0.9, 0.91, 0.92, 0.93, 0.94, 0.95];
  const ofB = ofA.map((cpu, round) => cpu * factors[round]!);
  assertEquals(
    textOf(ofA, ofB),
    `${B} costs 7.5 % less CPU than ${A} (95 % interval 5…10 %, p = 0.031, 6 rounds).`,
  );
  assertEquals(
    textOf(ofB, ofA),
    `${B} costs 8.1 % more CPU than ${A} (95 % interval 5…11 %, p = 0.031, 6 rounds).`,
  );
});

Deno.test("differenceText() says that fewer than 6 rounds cannot show a difference", () => {
  assertEquals(
    textOf([0.2, 0.2, 0.2, 0.1, 0.1], [0.3, 0.4, 0.5, 0.3, 0.4]),
    `${B} and ${A}: 5 rounds cannot show a difference, since p cannot be below 0.063; at least 6 ` +
      "rounds are needed (measured: 2.4 ×, range 1.5…4.0 ×).",
  );
});

Deno.test("differenceText() tells of no difference how large a one would have been seen", () => {
  const ofA = [0.2, 0.21, 0.19, 0.2, 0.22, 0.18];
  const ofB = [0.21, 0.2, 0.2, 0.19, 0.2, 0.19];
  assertMatch(
    textOf(ofA, ofB),
    new RegExp(
      `^${B} and ${A}: no difference found in 6 rounds; one of 9\\.1 % would have been detected ` +
        "\\(95 % interval −9\\.1…\\+5\\.6 %, p = 1\\.00\\)\\.$",
    ),
  );
});

Deno.test("differenceText() pairs the two designs within each round", () => {
  // Each round B costs 1 % more, although the rounds themselves differ by far more.
  const ofA = [0.1, 0.5, 0.3, 0.9, 0.2, 0.7];
  assertStringIncludes(
    textOf(ofA, ofA.map((cpu) => cpu * 1.01)),
    `${B} costs 1.0 % more CPU than ${A}`,
  );
});

Deno.test("differenceText() leaves out rounds that do not count for both", () => {
  const trials = [
    ...rounds(A, [0.3, 0.4, 0.9]),
    ...rounds(B, [0.1, 0.1]),
    { design: B, round: 2, cpu: 0.1, failed: "a client had errors" },
    ...rounds("iterative", [0.7, 0.8, 0.9]),
  ];
  assertMatch(differenceText(record(trials), A, B), /: 2 rounds cannot show a difference/);
});

Deno.test("differenceText() tells no spread of a single round", () => {
  assertMatch(textOf([0.1], [0.25]), /at least 6 rounds are needed \(measured: 2\.5 ×\)\.$/);
});

Deno.test("differenceText() has nothing to tell without a round that counts for both", () => {
  const nothing = `No round counts for both ${A} and ${B}: nothing to compare.`;
  assertEquals(textOf([0.2], []), nothing);
  const apart = [{ design: A, round: 1 }, { design: B, round: 2 }];
  assertEquals(differenceText(record(apart), A, B), nothing);
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
    stdout,
    new RegExp(
      `^${B} and ${A}: 1 round cannot show a difference, .* \\(measured: .* [%×]\\)\\.$`,
      "m",
    ),
  );
  const { run, trials } = readRecord(folder.path);
  assertEquals(run.complete, true);
  assertEquals(trials.map(({ design }) => design).toSorted(), ["iterative", B, A]);
  for (const { client } of trials) assertEquals(client!.connections, 10);
});

const mistakes: readonly [args: string[], ...words: string[]][] = [
  [[], "deno task compare A B"],
  [[A], "deno task compare A B"],
  [[A, A], "deno task compare A B"],
  [[A, B, "iterative"], "deno task compare A B"],
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
