import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runTask, TemporaryFolder } from "../clients/testing.ts";
import { designs } from "../servers/designs.ts";
import { tellDifference } from "./compare.ts";
import { record, rounds } from "./report/fixture_test.ts";
import { readRecord } from "./store.ts";

const [A, B] = ["prefork-mutex", "prefork-file-lock"] as const;

/** What is told of two designs with these CPU seconds, a round each. */
function told(cpuOfA: readonly number[], cpuOfB: readonly number[]): string {
  return tellDifference(record([...rounds(A, cpuOfA), ...rounds(B, cpuOfB)]), A, B);
}

Deno.test("tellDifference() tells the median difference, its share and a 95 % interval", () => {
  const ofA = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
  const ofB = [0.2, 0.32, 0.43, 0.54, 0.65, 0.78];
  // The differences are 0.1, 0.12, 0.13, 0.14, 0.15 and 0.18; the median of B is 0.485.
  assertEquals(
    told(ofA, ofB),
    `${A} − ${B}: −0.135 s CPU (−27.8 %), 95 % interval −0.180…−0.100 s over 6 rounds. ` +
      `${A} costs less in all of it.`,
  );
  assertEquals(
    tellDifference(record([...rounds(A, ofA), ...rounds(B, ofB)]), B, A),
    `${B} − ${A}: +0.135 s CPU (+38.6 %), 95 % interval +0.100…+0.180 s over 6 rounds. ` +
      `${A} costs less in all of it.`,
  );
});

Deno.test("tellDifference() calls the spread of fewer than 6 rounds a range", () => {
  assertEquals(
    told([0.3, 0.4, 0.5, 0.3, 0.4], [0.2, 0.2, 0.2, 0.1, 0.1]),
    `${A} − ${B}: +0.200 s CPU (+100.0 %), range +0.100…+0.300 s over 5 rounds. ` +
      `${B} costs less in all of it.`,
  );
});

Deno.test("tellDifference() tells no difference where the spread includes 0", () => {
  const ofB = [0.2, 0.2, 0.2];
  const none = /It includes 0: these rounds show no difference\.$/;
  assertMatch(told([0.19, 0.22, 0.24], ofB), none);
  assertMatch(told([0.2, 0.22, 0.24], ofB), none);
  assertMatch(told([0.2, 0.18, 0.16], ofB), none);
  assertMatch(told([0.21, 0.22, 0.24], ofB), new RegExp(`${B} costs less in all of it\\.$`));
});

Deno.test("tellDifference() pairs the two designs within each round", () => {
  // Each round B costs 0.01 more, although the rounds themselves differ by far more.
  const ofA = [0.1, 0.5, 0.3, 0.9];
  assertStringIncludes(
    told(ofA, ofA.map((cpu) => cpu + 0.01)),
    "−0.010 s CPU (−2.4 %), range −0.010…−0.010 s",
  );
});

Deno.test("tellDifference() leaves out rounds that do not count for both", () => {
  const trials = [
    ...rounds(A, [0.3, 0.4, 0.9]),
    ...rounds(B, [0.1, 0.1]),
    { design: B, round: 2, cpu: 0.1, failed: "a client had errors" },
    ...rounds("iterative", [0.7, 0.8, 0.9]),
  ];
  assertEquals(
    tellDifference(record(trials), A, B),
    `${A} − ${B}: +0.250 s CPU (+250.0 %), range +0.200…+0.300 s over 2 rounds. ` +
      `${B} costs less in all of it.`,
  );
});

Deno.test("tellDifference() tells no spread of a single round", () => {
  assertEquals(told([0.2], [0.1]), `${A} − ${B}: +0.100 s CPU (+100.0 %), one round, no spread`);
});

Deno.test("tellDifference() has nothing to tell without a round that counts for both", () => {
  const nothing = `No round counts for both ${A} and ${B}: nothing to compare.`;
  assertEquals(told([0.2], []), nothing);
  const apart = [{ design: A, round: 1 }, { design: B, round: 2 }];
  assertEquals(tellDifference(record(apart), A, B), nothing);
});

Deno.test("compare runs two designs by turns, and tells both rows and their difference", async () => {
  using folder = new TemporaryFolder();
  const { code, stdout, stderr } = await runTask(
    "compare",
    ...[A, B, "--rounds", "1", "--connections", "5", "--output", folder.path],
  );
  assertEquals(code, 0, stderr);
  for (const id of [A, B]) assertMatch(stdout, new RegExp(`^ +\\d +${id} +1 +\\d`, "m"));
  assertMatch(
    stdout,
    new RegExp(`^${A} − ${B}: [+−]?[\\d.]+ s CPU \\(.* %\\), one round, no spread$`, "m"),
  );
  const { run, trials } = readRecord(folder.path);
  assertEquals(run.complete, true);
  assertEquals(trials.map(({ design }) => design).toSorted(), ["iterative", B, A]);
  for (const { client } of trials) assertEquals(client!.connections, 50);
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
    const { code, stdout, stderr } = await runTask("compare", ...args, "--output", output);
    assertEquals({ code, stdout }, { code: 2, stdout: "" }, stderr);
    assertMatch(stderr, /^compare: .+\n$/);
    for (const word of words) assertStringIncludes(stderr, word);
    assertEquals(folder.names, []);
  });
}
