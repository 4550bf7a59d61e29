/** The checks of the machine, as data and as a page. */
import { isLong } from "../../servers/testing/long.ts";
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { readEnvironment } from "../machine/environment.ts";
import { type Check, GROUPS } from "../doctor/check.ts";
import { bounds } from "../doctor/limits.ts";
import { quietChecks } from "../doctor/quiet.ts";
import { namespaced } from "../../servers/testing/network.ts";
import { canBecomeUser, inUsersCheckout } from "../../servers/testing/starter.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";
import { pageOf } from "./doctor.ts";

/** Without loopback, with few descriptors and a short backlog. */
const poor = namespaced(
  ["--net"],
  "echo 10 > /proc/sys/net/core/somaxconn && ulimit -n 70",
);

Deno.test({
  name:
    "doctor says how each check stands and what mends it, and ends with 4 (ignored without root)",
  ignore: poor === undefined,
  async fn() {
    await using doctor = new RunningTask("doctor", ["--json"], { via: poor! });
    const { code, stdout, stderr } = await doctor.ended();
    assertEquals({ code, stderr }, { code: 4, stderr: "" });
    const { canBench, checks }: { canBench: boolean; checks: Check[] } = JSON.parse(stdout);
    assertEquals(canBench, false);
    assertEquals(new Set(checks.map(({ group }) => group)), new Set(GROUPS));
    const missing = checks.filter(({ state }) => state === "missing");
    assertEquals(missing.map(({ what, mend }) => [what, mend]), [
      ["loopback address", "sudo ip link set lo up"],
      ["open files of a process", "ulimit -n 320"], // 15 threads need most
    ]);
    const backlog = checks.find(({ what }) => what.includes("somaxconn"))!;
    assertEquals([backlog.state, backlog.mend], [
      "limited",
      "sudo sysctl -w net.core.somaxconn=1000",
    ]);
    for (const { what, state, stands, mend } of checks) {
      assertNotEquals(stands, "", what);
      if (state === "ok") assertEquals(mend, null, what);
    }
    // This test has forked, and made a namespace.
    for (const what of [/^fork/, /netns/]) {
      assertEquals(checks.find((check) => what.test(check.what))?.state, "ok");
    }
  },
});

Deno.test({
  name: "doctor says what an ordinary user lacks, on a page (ignored without root)",
  ignore: !isLong || (!canBecomeUser),
  async fn() {
    await using doctor = new RunningTask("doctor", [], { via: inUsersCheckout() });
    const { code, stdout, stderr } = await doctor.ended();
    assertEquals({ code, stderr }, { code: 4, stderr: "" }); // where only records cannot be written
    for (
      const found of [
        /^ {2}missing {2}folder of the records, results\/ +cannot be written\n +→ stand in a folder of yours/m,
        /^ {2}limited {2}second account of the CPU time +the scheduler's .*\n +→ run as root, or/m,
        /^ {2}limited {2}network namespace .*without root\n +→ prefix the command with sudo/m,
        /\nThis machine cannot run the default bench, for lack of: folder of the records, results\/\n$/,
      ]
    ) assertMatch(stdout, found);
  },
});

Deno.test("doctor refuses operands", async () => {
  assertRefused(await runHere("doctor", "me"), 2, '"me"');
});

Deno.test("bounds() tells what is too little from what is enough for the default only", () => {
  const room = { descriptors: 1e6, userProcesses: 100, tasks: 1e6, ports: Infinity };
  const at = (processes: number) => bounds({ ...room, processes })[1]!;
  assertEquals([at(188).state, at(188).mend], ["missing", "ulimit -u 189"]);
  assertEquals([at(189).state, at(189).mend], ["limited", "ulimit -u 2164"]);
  assertEquals([at(Infinity).state, at(Infinity).mend], ["ok", null]);
  assertMatch(at(Infinity).stands, /^no limit; the default bench needs 189, /);
  assertEquals(bounds({ ...room, processes: 1e6, ports: 1000 })[3]!.state, "missing");
});

Deno.test("quietChecks() names what disturbs a measurement", () => {
  const environment = readEnvironment({ works: true, attempts: 1, reason: null });
  const machine = { seconds: 1, processors: 4, ownSeconds: 0.1 };
  const statesOf = (busy: number | null, steal: number, load: number, governor: string | null) =>
    quietChecks(
      { ...machine, busySeconds: busy, stealSeconds: steal },
      { ...environment, loadAverage: [load, 0, 0], online: 4, governor },
    ).map(({ state }) => state);
  assertEquals(statesOf(0.4, 0.01, 1, null), ["ok", "ok", "ok", "ok"]);
  assertEquals(statesOf(0.6, 0.1, 3, "powersave"), Array(4).fill("limited"));
  assertEquals(statesOf(null, 0, 0, "performance"), ["ok", "ok", "ok", "ok"]);
});

Deno.test("pageOf() lists checks by group, and what is missing below", () => {
  const check = (group: Check["group"], state: Check["state"], mend: string | null) =>
    ({ group, what: `a ${group}`, state, stands: "12", mend }) as const;
  const checks = [
    check("quiet", "limited", "wait"),
    check("ability", "ok", null),
    check("limit", "missing", "ulimit -n 79"),
  ];
  assertEquals(
    pageOf(checks, false),
    `What it can run
  ok       a ability  12

Limits
  missing  a limit    12
           → ulimit -n 79

How quiet it is
  limited  a quiet    12
           → wait

This machine cannot run the default bench, for lack of: a limit`,
  );
  assertMatch(pageOf(checks.slice(0, 2), false), /\nThis machine can run the default bench: .*$/);
});
