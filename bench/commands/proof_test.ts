import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isLong } from "../../servers/testing/long.ts";
import { RunningTask, runTask } from "../../servers/testing/task.ts";
import { compareCosts } from "../compare/comparison.ts";
import type { Repetition } from "../compare/repeat.ts";
import { assertRefused, runHere } from "../testing.ts";
import { outcomeOf } from "./proof.ts";

const [A, B] = ["prefork-mutex", "prefork-shared-accept"] as const;
const SAME = { a: A, b: A, extraShare: 0, comparisons: 200 };
const EXTRA = { ...SAME, extraShare: 0.1 };

/** A comparison of ten rounds that cost A these microseconds, and B so many times as much. */
function repetition(a: readonly number[], ratios: readonly number[]): Repetition {
  const costs = { paired: true, a, b: a.map((cost, round) => cost * ratios[round]!) };
  const [comparison = null] = compareCosts([costs]);
  return { index: 1, costs, comparison, extraCpu: 0, failures: [] };
}

const steady = Array.from({ length: 10 }, (_, round) => 100 + round / 10);
const times = (ratio: number) => steady.map(() => ratio);
const signs = steady.map((_, round) => round % 2 === 0 ? 1 : -1);

const costlier = repetition(steady, times(1.1));
const cheaper = repetition(steady, times(0.9));
const equal = repetition(steady, signs.map((sign, round) => 1 + sign * (0.001 + round / 1e4)));
/** Costs that are all over the place: nothing can be said of them. */
const noisy = repetition(steady, signs.map((sign, round) => 1.1 ** (sign * (3 + round / 10))));

const many = (count: number, one: Repetition) => Array.from({ length: count }, () => one);

Deno.test("outcomeOf() takes 17 calls in 200 of a design with itself for chance, in either direction", () => {
  const { holds, text } = outcomeOf(
    [...many(9, costlier), ...many(8, cheaper), ...many(183, equal)],
    SAME,
  );
  assertEquals(holds, true);
  assertStringIncludes(text, "17 of 200 comparisons of a design with itself called a difference");
  assertStringIncludes(text, "10: no less than 4 and no more than 17, 96 times in 100");
});

Deno.test("outcomeOf() takes 18 calls in 200 of a design with itself for a fault", () => {
  const { holds, text } = outcomeOf([...many(18, costlier), ...many(182, noisy)], SAME);
  assertEquals(holds, false);
  assertMatch(text, /^18 of 200 /);
});

Deno.test("outcomeOf() wants 8 of 10 differences found that comparisons promise to find", () => {
  assertEquals(outcomeOf(many(20, costlier), EXTRA), {
    holds: true,
    text:
      "20 of 20 comparisons found the difference of 10 %. 20 of them say that 8 of 10 find it: " +
      "20 did, and by chance it would be at least 12, 98 times in 100.",
  });
  assertEquals(outcomeOf([...many(12, costlier), ...many(8, equal)], EXTRA).holds, true);
  const { holds, text } = outcomeOf([...many(11, costlier), ...many(9, equal)], EXTRA);
  assertEquals(holds, false);
  assertStringIncludes(text, "20 of them say that 8 of 10 find it: 11 did");
  // What wastes CPU cannot cost less.
  assertEquals(outcomeOf(many(20, cheaper), EXTRA).holds, false);
});

Deno.test("outcomeOf() asks nothing of comparisons that promise nothing", () => {
  const { holds, text } = outcomeOf([...many(3, costlier), ...many(2, noisy)], { ...SAME, b: B });
  assertEquals(holds, true);
  assertStringIncludes(text, "found the difference of 10 %. 3 of them say");
});

const LOAD = ["--rounds", "1", "--clients", "1", "--connections", "20", "--seed", "7"];

Deno.test({
  name:
    "proof --json gives the costs that each comparison is made of, and what all came to (a long test)",
  ignore: !isLong,
  async fn() {
    // Before the first comparison with extra CPU it measures what there is to add to.
    const extra = isLong ? ["--extra-cpu", "400"] : [];
    const args = ["iterative", ...extra, "--comparisons", "1", ...LOAD, "--json"];
    const { code, stdout } = await runTask("proof", ...args);
    const [comparison, done, ...rest] = stdout.trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals([comparison.event, done.event, rest], ["comparison", "done", []]);
    const { costs: { a, b } } = comparison;
    assertEquals([a.length, b.length], [1, 1]);
    assertEquals(comparison.ratio, compareCosts([{ paired: true, a, b }])[0]!.ratio);
    if (isLong) return; // one round finds no difference, however large
    assertEquals(code, 0);
    assertMatch(done.text, /^0 of 1 comparison of a design with itself called a difference/);
  },
});

Deno.test("proof tells each comparison, and at ^C what all came to, and leaves nothing running", async () => {
  await using running = new RunningTask("proof", ["iterative", ...LOAD]);
  assertMatch((await running.nextLine())!, /^ {2}1 {2}.* 1 round is too few/);
  running.signal("SIGINT");
  const { code, stdout, stderr } = await running.ended();
  assertEquals(code, 130);
  assertMatch(stderr, /^iterative again against iterative: 200 comparisons × 1 round,.* seed 7\n$/);
  assertMatch(stdout, /^\d of \d comparisons? of a design with itself/m);
  assertEquals(await running.left(), []);
});

Deno.test("proof refuses what it cannot compare", async () => {
  for (
    const [args, words] of [
      [["prefork"], '"prefork"'],
      [[A, B, "iterative"], '"iterative"'],
      [["--comparisons", "0"], "--comparisons"],
    ] as const
  ) assertRefused(await runHere("proof", ...args), 2, words);
});
