import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makePlan } from "./plan.ts";
import { trial as madeUp } from "./report/fixture_test.ts";
import { Trial } from "./record.ts";
import { fitting, imbalance, type Planned, runTrial } from "./trial.ts";

const NEVER = new AbortController().signal;

/** A trial of 100 connections by two children, in which nothing went wrong. */
const fine = madeUp({ design: "prefork-shared-accept", children: [60, 40], connections: 100 });
const { client, children: [first, second], kernel } = fine;

/** Why a trial does not count, if this is different in it. */
function reason(different: Partial<Pick<Trial, "children" | "client" | "kernel">>): string | null {
  return imbalance(fine, { ...fine, ...different });
}

const plan = makePlan({
  designs: [],
  rounds: 1,
  seed: 1,
  clients: 2,
  connections: 30,
  bytes: 4000,
  children: 2,
  sessions: "separate",
});
const [baseline] = plan.trials as [Planned];

Deno.test("imbalance() finds nothing wrong where all that was asked for was served", () => {
  assertEquals(reason({}), null);
});

Deno.test("imbalance() names the clients' errors", () => {
  const errors = { ECONNRESET: 2, "timed out": 1 };
  assertEquals(
    reason({ client: { ...client!, connections: 97, errors } }),
    "the clients had errors: 2 × ECONNRESET, 1 × timed out",
  );
});

Deno.test("imbalance() misses connections that the clients did not make", () => {
  assertEquals(
    reason({ client: { ...client!, connections: 99 } }),
    "the clients made 99 connections of 100",
  );
});

Deno.test("imbalance() misses connections that no child served, and those served twice", () => {
  for (const connections of [59, 61]) {
    assertEquals(
      reason({ children: [{ ...first!, connections }, second!] }),
      `the children served ${connections + 40} connections, the clients made 100`,
    );
  }
  assertMatch(reason({ children: [] })!, /^the children served 0 /);
});

Deno.test("imbalance() counts dead children, also where nothing is missing", () => {
  const children = [{ ...first!, lost: 2 }, { ...second!, lost: 1 }];
  assertEquals(reason({ children }), "3 children died");
});

Deno.test("imbalance() counts refused requests", () => {
  assertEquals(
    reason({ children: [first!, { ...second!, rejected: 4 }] }),
    "4 requests were refused",
  );
});

Deno.test("imbalance() needs as many connections from the kernel, or more, or no count", () => {
  const counted = (passiveOpens: number | null) => reason({ kernel: { ...kernel, passiveOpens } });
  assertEquals(counted(99), "the kernel counted 99 connections, the clients made 100");
  assertEquals([counted(100), counted(101), counted(null)], [null, null, null]);
});

Deno.test("fitting() leaves a trial alone that fits the schema", () => {
  assertEquals(fitting(fine), fine);
});

Deno.test("fitting() takes the figures out of a trial that does not fit", () => {
  const impossible = { voluntary: -1, involuntary: 0 };
  const trial = fitting({ ...fine, switches: impossible });
  assertEquals(Trial.parse(trial), trial);
  assertEquals([trial.status, trial.switches, trial.client], ["failed", null, null]);
  assertMatch(trial.reason!, /^switches\.voluntary cannot be: /);
  const failed = { ...fine, status: "failed", reason: "3 children died" } as const;
  assertEquals(fitting({ ...failed, switches: impossible }).reason, "3 children died");
});

Deno.test("runTrial() gives a trial that fits the schema and in which nothing is lost", async () => {
  const trial = await runTrial(baseline, plan, NEVER);
  assertEquals([trial.status, trial.reason], ["ok", null]);
  assertEquals(Trial.parse(trial).load, { clients: 1, connections: 60, bytes: 4000 });
  const { round, position, design, load } = trial;
  assertEquals({ round, position, design, load }, baseline);
  assertEquals(trial.children.map(({ connections }) => connections), [60]);
  assertEquals([trial.client?.connections, trial.client?.errors], [60, {}]);
  assert(trial.cpu!.total > 0 && trial.client!.wallSeconds > 0);
  const { passiveOpens, otherTraffic } = trial.kernel;
  if (passiveOpens !== null) assertEquals(passiveOpens - otherTraffic!, 60);
});

Deno.test("runTrial() shares the connections out over the children of a pool", async () => {
  const pool = { ...baseline, design: "prefork-shared-accept" };
  const load = { clients: 3, connections: 20, bytes: 1 };
  const trial = await runTrial({ ...pool, load }, { ...plan, children: 4 }, NEVER);
  assertEquals([trial.status, trial.reason], ["ok", null]);
  assertEquals(trial.children.map(({ index }) => index), [0, 1, 2, 3]);
  assertEquals(trial.children.reduce((sum, { connections }) => sum + connections, 0), 60);
  assertEquals(new Set(trial.children.map(({ pid }) => pid)).size, 4);
  assertEquals(Trial.safeParse(trial).error, undefined);
});

Deno.test("runTrial() fails with what the server says for a reason", async () => {
  const trial = await runTrial({ ...baseline, design: "unheard-of" }, plan, NEVER);
  assertEquals(trial.status, "failed");
  assertStringIncludes(trial.reason!, 'serve: Unknown design "unheard-of"');
  assertEquals([trial.cpu, trial.client, trial.children], [null, null, []]);
  assertEquals(Trial.safeParse(trial).error, undefined);
});

Deno.test("runTrial() ends at once where it is aborted", async () => {
  const controller = new AbortController();
  const load = { clients: 1, connections: 1_000_000, bytes: 4000 };
  const running = runTrial({ ...baseline, load }, plan, controller.signal);
  setTimeout(() => controller.abort(), 600);
  const { status, reason } = await running;
  assertEquals(status, "failed");
  // Of the million connections none is waited for.
  assertMatch(reason!, / ended (by SIG[A-Z]+|with exit code 0)$/);
});
