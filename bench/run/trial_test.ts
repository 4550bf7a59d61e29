import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { descendantsOf, namesIn, readText } from "../../servers/posix/files.ts";
import { kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { isLong } from "../../servers/testing/long.ts";
import { pause } from "../../servers/testing/process.ts";
import { makePlan } from "../plan/plan.ts";
import { BOOK_LOAD, trial as madeUp } from "../report/testing_fixture.ts";
import { Trial } from "../record/record.ts";
import { warmUpOf } from "../plan/warm_up.ts";
import { fitting, type Planned, runTrial } from "./trial.ts";

const NEVER = new AbortController().signal;

/** A trial of 100 connections by two children, in which nothing went wrong. */
const fine = madeUp({ design: "prefork-shared-accept", children: [60, 40], connections: 100 });

const plan = makePlan({
  designs: [],
  rounds: 1,
  seed: 1,
  clients: 2,
  connections: 30,
  children: 2,
});
const [baseline] = plan.trials as [Planned];

Deno.test("warmUpOf() grows with a pool, and is small for Workers or programs per client", () => {
  const load = { ...BOOK_LOAD, clients: 30, connections: 100, bytes: 1 };
  const of = (design: string, poolSize: number | null) => warmUpOf({ design, load, poolSize });
  assertEquals([of("iterative", null), of("fork-per-client", 300)], [210, 210]);
  assertEquals([of("prefork-mutex", 15), of("prefork-mutex", 300)], [210, 3900]);
  assertEquals([of("thread-per-client", 15), of("subprocess-per-client", 15)], [30, 30]);
});

Deno.test("warmUpOf() is shorter where requests take long, and one connection of each client at least", () => {
  const { load } = baseline;
  const of = (wait: number, clients = 1, poolSize: number | null = null) => {
    const design = poolSize === null ? "iterative" : "prefork-mutex";
    return warmUpOf({ design, load: { ...load, clients, wait }, poolSize });
  };
  assertEquals([of(1), of(50), of(60_000), of(50, 1, 4)], [200, 40, 1, 160]);
  assertEquals([of(60_000, 30), of(50, 30, 15)], [30, 210]);
});

Deno.test("fitting() leaves a trial alone that fits the schema", () => {
  assertEquals(fitting(fine), fine);
});

Deno.test("fitting() removes the measurements of a trial that does not fit", () => {
  const impossible = { voluntary: -1, involuntary: 0 };
  const trial = fitting({ ...fine, switches: impossible });
  assertEquals(Trial.parse(trial), trial);
  assertEquals([trial.status, trial.switches, trial.client], ["failed", null, null]);
  assertMatch(trial.reason!, /^switches\.voluntary cannot be: /);
  const failed = { ...fine, status: "failed", reason: "3 children died" } as const;
  assertEquals(fitting({ ...failed, switches: impossible }).reason, "3 children died");
});

Deno.test("runTrial() returns a trial that fits the schema and lost nothing", async () => {
  const trial = await runTrial(baseline, plan, NEVER);
  assertEquals([trial.status, trial.reason], ["ok", null]);
  assertEquals(Trial.parse(trial).load, { ...BOOK_LOAD, clients: 1, connections: 60 });
  const { round, position, design, load, poolSize } = trial;
  assertEquals({ round, position, design, load, poolSize }, baseline);
  assertEquals(trial.children.map(({ connections }) => connections), [60]);
  assertEquals([trial.client?.connections, trial.client?.errors], [60, {}]);
  assert(trial.cpu!.total > 0 && trial.client!.wallSeconds > 0);
  const { passiveOpens, otherTraffic } = trial.kernel;
  if (passiveOpens !== null) assertEquals(passiveOpens - otherTraffic!, 60);
});

Deno.test("runTrial() counts the connections of each child of a pool", async () => {
  const pool = { ...baseline, design: "prefork-shared-accept" };
  const load = { ...BOOK_LOAD, clients: 3, connections: 20, bytes: 1 };
  const trial = await runTrial({ ...pool, load, poolSize: 4 }, plan, NEVER);
  assertEquals([trial.status, trial.reason], ["ok", null]);
  assertEquals(trial.children.map(({ index }) => index), [0, 1, 2, 3]);
  assertEquals(trial.children.reduce((sum, { connections }) => sum + connections!, 0), 60);
  assertEquals(new Set(trial.children.map(({ pid }) => pid)).size, 4);
  assertEquals(Trial.safeParse(trial).error, undefined);
});

Deno.test("runTrial() counts several requests on a connection on both sides", async () => {
  const pool = { ...baseline, design: "prethread-mutex", poolSize: 2 };
  const load = { ...BOOK_LOAD, clients: 2, connections: 5, requests: 7, bytes: 100 };
  for (const service of ["bytes", "http"] as const) {
    const trial = await runTrial({ ...pool, load }, { ...plan, service }, NEVER);
    const { status, reason, client, children } = trial;
    assertEquals([status, reason, client?.connections, client?.requests], ["ok", null, 10, 70]);
    assertEquals(children.reduce((sum, { requests }) => sum + requests!, 0), 70);
  }
});

Deno.test({
  name: "runTrial() makes connections for the duration of a load, and loses none",
  ignore: !isLong,
  fn: async () => {
    const timed = makePlan({ designs: [], rounds: 1, seed: 1, clients: 2, duration: 1 });
    const trial = await runTrial(timed.trials[0]!, timed, NEVER);
    assertEquals([trial.status, trial.reason, trial.load.duration], ["ok", null, 1]);
    const { connections, wallSeconds } = trial.client!;
    assert(wallSeconds >= 1 && connections > 0);
    assertEquals(trial.children[0]!.connections, connections);
  },
});

Deno.test({
  name: "runTrial() records how forks were made cheaper, where there is one for each client",
  ignore: !isLong,
  fn: async () => {
    const load = { ...BOOK_LOAD, clients: 1, connections: 3, bytes: 1 };
    const perClient = await runTrial({ ...baseline, design: "fork-per-client", load }, plan, NEVER);
    const rebased = Deno.build.arch === "x86_64";
    const reason = rebased ? null : "supported on x86-64 only";
    assertEquals([perClient.status, perClient.preparation], ["ok", { rebased, reason }]);
    assertEquals((await runTrial({ ...baseline, load }, plan, NEVER)).preparation, null);
  },
});

Deno.test("runTrial() fails with the message of what it cannot do", async () => {
  const trial = await runTrial({ ...baseline, design: "unheard-of" }, plan, NEVER);
  assertEquals(trial.status, "failed");
  assertStringIncludes(trial.reason!, 'Unknown design "unheard-of"');
  assertEquals([trial.cpu, trial.client, trial.children], [null, null, []]);
  assertEquals(Trial.safeParse(trial).error, undefined);
});

Deno.test("runTrial() ends at once when it is aborted", async () => {
  const controller = new AbortController();
  const load = { ...BOOK_LOAD, clients: 1, connections: 1_000_000 };
  const running = runTrial({ ...baseline, load }, plan, controller.signal);
  setTimeout(() => controller.abort(), 600);
  const { status, reason } = await running;
  assertEquals(status, "failed");
  // It does not wait for the million connections.
  assertMatch(reason!, / (was killed by SIG[A-Z]+|ended with exit code 0)$/);
});

Deno.test({
  name: "runTrial() survives that all its processes are stopped for a while, and marks the trial",
  ignore: !isLong,
  fn: async () => {
    const load = { ...BOOK_LOAD, clients: 4, connections: 1_000_000 };
    const limited = { ...plan, limits: { ...plan.limits, run: 8 } };
    const running = runTrial({ ...baseline, design: "prefork-mutex", load }, limited, NEVER);
    await pause(5000);
    // A test runs in a thread of its own, whose children these are.
    const pids = namesIn("/proc/self/task").flatMap((tid) =>
      readText(`/proc/self/task/${tid}/children`).split(" ").filter(Boolean).map(Number)
    ).flatMap((pid) => [pid, ...descendantsOf(pid)]);
    for (const pid of pids) kill(pid, Signal.STOP);
    await pause(1500);
    for (const pid of pids) kill(pid, Signal.CONT);
    const { status, reason, client, machine } = await running;
    assertEquals([status, reason, client!.errors], ["ok", null, {}]);
    assert(client!.latency.max > 1, "it was stopped under load");
    assert(machine!.suspendedSeconds! >= 1, `${machine!.suspendedSeconds} s`);
  },
});

for (const design of ["slaunch", "io-uring"]) {
  Deno.test(`runTrial() has requests work and wait in the server, and ${design} waits for many at once`, async () => {
    const load = { ...baseline.load, clients: 20, connections: 2, work: 500, wait: 200 };
    const { status, reason, client, cpu } = await runTrial(
      { ...baseline, design, poolSize: 2, load },
      { ...plan, waitDistribution: "fixed", workDistribution: "exponential" },
      NEVER,
    );
    assertEquals([status, reason], ["ok", null]);
    assert(client!.latency.p50 >= 0.2);
    // One after another they would take 8 seconds, or 4 in both servers.
    assert(client!.wallSeconds < 3, `${client!.wallSeconds}`);
    assert(cpu!.total > 40 * 500e-6 / 4);
  });
}
