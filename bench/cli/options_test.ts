import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseFlags, processorsOf } from "./flags.ts";
import { UsageError } from "../../servers/errors.ts";
import { loadFlags, pinOf, planOf, runFlags } from "./options.ts";

/** The plan that a command line stands for. */
function planFor(...args: string[]) {
  const { flags, given } = parseFlags(
    { name: "bench", flags: { ...loadFlags, ...runFlags } },
    ["--seed=1", ...args],
  );
  return planOf(["prefork-mutex"], flags, given);
}

Deno.test("processorsOf() reads lists and ranges, each processor once", () => {
  const allowed = [0, 1, 2, 3, 8];
  assertEquals(processorsOf("pin", "0", allowed), [0]);
  assertEquals(processorsOf("pin", "8,1-3,2", allowed), [1, 2, 3, 8]);
});

Deno.test("processorsOf() refuses what is no list, and processors that are not allowed", () => {
  for (const odd of ["", "a", "1,", "3-1", "-1", "0x1", "0-", "1.5"]) {
    const error = assertThrows(() => processorsOf("pin", odd, [0, 1, 2, 3]), UsageError);
    assertStringIncludes(error.message, "0,2-3");
  }
  const error = assertThrows(() => processorsOf("pin", "0-4", [0, 1]), UsageError);
  assertStringIncludes(error.message, "processor 2 of --pin: this process may run on 0,1");
});

Deno.test("pinOf() has processors of one side, or of both", () => {
  const allowed = [0, 1, 2, 3];
  assertEquals(pinOf(undefined), { server: null, client: null });
  assertEquals(pinOf("client=1", allowed), { server: null, client: [1] });
  assertEquals(pinOf("server=0,2-3,client=1", allowed), { server: [0, 2, 3], client: [1] });
  assertEquals(pinOf("0,2-3", allowed), { server: [0, 2, 3], client: [0, 2, 3] });
  for (const odd of ["0,x", "4", "server=", "server=0,server=1", "serve=0", "server=0;client=1"]) {
    assertThrows(() => pinOf(odd, allowed), UsageError);
  }
});

Deno.test("planOf() takes over how a run goes about it", () => {
  const plan = planFor("--sessions", "same", "--netns", "--run-limit=7", "--think", "20");
  const { sessions, netns, limits, think, trials } = plan;
  assertEquals([sessions, netns, limits.run, limits.start, think], ["same", true, 7, 30, 20]);
  assertEquals(trials.find(({ design }) => design === "prefork-mutex")!.load.think, 20);
  assertThrows(() => planFor("--sessions", "one"), UsageError, "separate or same");
});

Deno.test("planOf() has a budget, unless the number of rounds is given", () => {
  const budget = (...args: string[]) => planFor(...args).limits.budget;
  assertEquals([budget(), budget("--budget", "5m"), budget("--budget=0")], [180, 300, 0]);
  assertEquals([budget("--rounds=3"), budget("--quick"), budget("--quick", "--budget=60")], [
    0,
    0,
    60,
  ]);
  assertThrows(
    () => budget("--rounds=3", "--budget=60"),
    UsageError,
    "leave out --rounds or --budget",
  );
});

Deno.test("planOf() ends the loads of a quick run after seconds, unless they come at a rate or have another end", () => {
  const quick = (...args: string[]) => planFor("--quick", ...args).limits.run;
  assertEquals([planFor("--rounds=1").limits.run, quick(), quick("--rounds=5")], [20, 3, 3]);
  assertEquals([quick("--run-limit=9"), quick("--rate=50"), quick("--connections=500")], [
    9,
    20,
    20,
  ]);
});

Deno.test("planOf() ends loads after connections or after a time, and never after both", () => {
  const { duration, connections, limits } = planFor("--duration=2m", "--quick");
  assertEquals([duration, limits.run], [120, 120]);
  // Of a quick run, too, sums are those of the usual load.
  assertEquals(connections, 500);
  assertEquals(planFor().duration, 0);
  for (const other of ["--connections=5", "--run-limit=5"]) {
    assertThrows(
      () => planFor("--duration=5", other),
      UsageError,
      `both --duration and ${other.slice(0, -2)}: leave out one of them`,
    );
  }
});
