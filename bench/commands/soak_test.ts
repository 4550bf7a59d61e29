import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { isLong } from "../../servers/testing/long.ts";
import { runTask } from "../../servers/testing/task.ts";
import { toMarkdown } from "../report/tables/table.ts";
import { assertRefused, runHere } from "../testing.ts";
import { type Endured, isWhole, lostOf, tableOf } from "./soak.ts";
import { NONE } from "./soak_left.ts";

const whole: Endured = {
  design: "prefork-mutex",
  connections: 5000,
  kills: 7,
  badClients: 30,
  lost: 0,
  failure: null,
  left: NONE,
  memory: [2 ** 25, 2 ** 25, 2 ** 26],
};

Deno.test("a soak fails for anything lost or left, and for a server that ended", () => {
  assertEquals(isWhole(whole), true);
  assertEquals(isWhole({ ...whole, lost: 1 }), false);
  assertEquals(isWhole({ ...whole, failure: "the server process was ended by signal 11" }), false);
  for (const name of Object.keys(NONE)) {
    assertEquals(isWhole({ ...whole, left: { ...NONE, [name]: 1 } }), false, name);
  }
});

Deno.test("a soak forgives a connection for each child killed, of a server of many clients all of them", () => {
  const lost = (children: "fork" | "exec", kills: number, errors: number, counted = 100) =>
    lostOf(
      { children },
      { connections: 100, errors: { ECONNRESET: errors - 1, "short reply": 1 } },
      [{ connections: counted - 40 }, { connections: 40 }],
      kills,
    );
  assertEquals([lost("fork", 3, 3), lost("fork", 3, 4), lost("fork", 0, 1)], [0, 1, 1]);
  assertEquals([lost("exec", 2, 8), lost("exec", 2, 9)], [0, 1]);
  assertEquals(lost("fork", 3, 3, 98), 2, "answered, but counted by no child");
});

Deno.test("the table of a soak has a row for each design, and says why a server ended", () => {
  const text = toMarkdown(tableOf([whole, {
    ...whole,
    design: "slaunch",
    failure: "it crashed",
    left: { ...NONE, cgroups: 1 },
  }]));
  assertMatch(
    text,
    /^\| prefork-mutex \| 5000 \| 7 \| 30 \| 0 \| 0 \| 0 \| 0 \| 0 \| 32 32 64 \|$/m,
  );
  assertMatch(text, /^\| slaunch \| 5000 \| 7 \| 30 \| 0 \| 0 \| 0 \| 1 \| 0 \|/m);
  assertStringIncludes(text, "- slaunch: it crashed");
});

Deno.test("soak refuses a design that it does not know", async () => {
  assertRefused(await runHere("soak", "prefork"), 2, '"prefork"', "prefork-mutex");
});

Deno.test({
  name: "designs of each transport survive a soak of seconds",
  ignore: !isLong,
  fn: async () => {
    const { code, stdout, stderr } = await runTask(
      ...["soak", "prefork-mutex", "fork-per-client", "door", "channel"] as const,
      ...["--seconds", "8", "--seed", "17"],
    );
    assertEquals(code, 0, stdout + stderr);
    for (const design of ["prefork-mutex", "fork-per-client"]) {
      assertMatch(stdout, new RegExp(`^${design} +[1-9]\\d* +[1-9]\\d* +[1-9]`, "m"));
    }
  },
});
