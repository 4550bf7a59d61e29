import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runHere } from "../testing.ts";

Deno.test("startup tells how much of a recorded run was not load, and refuses what is none", async () => {
  const { code, stdout } = await runHere("startup", "results/reference/external");
  assertEquals(code, 0);
  const [whole, load, rest] = stdout.match(/^iterative +\d+ +([\d. ]+)$/m)![1]!.split(/ +/).map(
    Number,
  );
  // Medians of few trials, each rounded.
  assertEquals(Math.abs(whole! - load! - rest!) < 0.1, true, stdout);
  assertMatch(stdout, /^\d+ % of the \d+ s of all trials were not load\.$/m);
  const none = await runHere("startup", "none");
  assertEquals(none.code, 2);
  assertStringIncludes(none.stderr, 'Cannot find the recorded run "none"');
});
