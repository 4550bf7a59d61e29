import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Recorded, Trial } from "../../record/record.ts";
import { record, rounds } from "../testing_fixture.ts";
import { seriesOf } from "./series.ts";
import * as warnings from "./warnings.ts";

const warningsOf = ({ run, trials }: Recorded) => warnings.warningsOf(run, seriesOf(trials));

const quiet = record(rounds("prefork-mutex", [0.1, 0.101, 0.1, 0.099]));

/** The record with a change in every trial. */
function withTrials(change: (trial: Trial) => Partial<Trial>): Recorded {
  return { ...quiet, trials: quiet.trials.map((trial) => ({ ...trial, ...change(trial) })) };
}

function withEnvironment(change: Partial<Recorded["run"]["environment"]>): Recorded {
  const environment = { ...quiet.run.environment, ...change };
  return { ...quiet, run: { ...quiet.run, environment } };
}

Deno.test("warningsOf() says once that there was no cgroup for the second account", () => {
  const check = { cpuSeconds: 1, difference: 0, agrees: true };
  const checkedBy = (source: "cgroup v2" | "schedstat") =>
    withTrials(() => ({ check: { ...check, source } }));
  assertEquals(warningsOf(checkedBy("cgroup v2")), []);
  assertWarns(checkedBy("schedstat"), false, "not by a cgroup", "Run as root", "Delegate=yes");
});

/** One second on two processors. */
function machine(busySeconds: number | null, stealSeconds: number | null) {
  return {
    seconds: 1,
    loadAverage: 0,
    processors: null,
    busySeconds,
    stealSeconds,
    softirqSeconds: null,
    ownSeconds: null,
    throttledSeconds: null,
    suspendedSeconds: null,
  };
}

/** Asserts that there is one warning, with these texts. */
function assertWarns(recorded: Recorded, isNoise: boolean, ...words: string[]): void {
  const warnings = warningsOf(recorded);
  assertEquals(warnings.map((warning) => warning.isNoise), [isNoise]);
  for (const word of words) assertStringIncludes(warnings[0]!.text, word);
}

Deno.test("warningsOf() is empty for a quiet run, and without machine data", () => {
  assertEquals(warningsOf(quiet), []);
  assertEquals(warningsOf(withTrials(() => ({ machine: machine(0.15, 0.001) }))), []);
  assertEquals(warningsOf(withTrials(() => ({ machine: machine(null, null) }))), []);
});

Deno.test("warningsOf() names open loops whose client was busy, or whose connections were all in use", () => {
  const openLoop = { startedPerSecond: 1000, late: 0, unsent: 0, mostOpen: 10 };
  const at = (change: Partial<typeof openLoop>, busy = 0.5) =>
    withTrials(({ client }) => ({
      client: {
        ...client!,
        openLoop: { ...openLoop, ...change },
        cpu: { user: 0, system: 0, total: busy * client!.wallSeconds },
      },
    }));
  assertEquals(warningsOf(at({ late: 10 })), []);
  // More open connections would not have helped.
  assertEquals(warningsOf(at({ late: 500, mostOpen: 9 })), []);
  assertWarns(at({ late: 11 }), false, "prefork-mutex", "more --clients");
  assertWarns(at({ unsent: 500 }), false, "not at all");
  assertWarns(at({}, 0.95), true, "prefork-mutex", "lower --rate");
});

Deno.test("warningsOf() reports a machine that was busy at the start", () => {
  assertEquals(warningsOf(withEnvironment({ loadAverage: [1, 5, 5] })), []);
  assertWarns(withEnvironment({ loadAverage: [1.5, 0, 0] }), true, "1.5 on 2 processors");
});

Deno.test("warningsOf() reports CPU time of other processes and of the hypervisor", () => {
  assertWarns(withTrials(() => ({ machine: machine(1.1, 0) })), true, "50 %", "measure again");
  assertWarns(withTrials(() => ({ machine: machine(0.1, 0.1) })), true, "5.0 %", "steal");
});

Deno.test("warningsOf() judges other processes on the processors that the trials could use", () => {
  const busy = machine(0.25, 0);
  assertEquals(warningsOf(withTrials(() => ({ machine: busy }))), []);
  assertWarns(withTrials(() => ({ machine: { ...busy, processors: 1 } })), true, "15 %");
  // Herd's own programs are no others.
  assertEquals(
    warningsOf(withTrials(() => ({ machine: { ...busy, processors: 1, ownSeconds: 0.1 } }))),
    [],
  );
  // The load average is the whole machine's.
  assertEquals(warningsOf(withEnvironment({ online: 8, loadAverage: [8, 8, 8] })), []);
});

Deno.test("warningsOf() names a CPU quota that stopped processes", () => {
  const quota = { processors: 0.5, file: "/sys/fs/cgroup/cpu.max" };
  const throttled = (throttledSeconds: number): Recorded => ({
    trials: withTrials(() => ({ machine: { ...machine(0.1, 0), throttledSeconds } })).trials,
    run: withEnvironment({ quota }).run,
  });
  assertEquals(warningsOf(throttled(0)), []);
  assertWarns(throttled(0.3), true, "0.5 processors (/sys/fs/cgroup/cpu.max)", "1.20 s", "4.00 s");
});

Deno.test("warningsOf() names a trial during which something stood still", () => {
  const suspended = (suspendedSeconds: number) =>
    withTrials(({ round }) => ({
      machine: { ...machine(0.1, 0), suspendedSeconds: round === 2 ? suspendedSeconds : 0 },
    }));
  assertEquals(warningsOf(suspended(0)), []);
  assertWarns(suspended(20.1), true, "prefork-mutex in round 2 (20.1 s)", "latency are wrong");
});

Deno.test("warningsOf() names a server that waited for lack of something, and what to raise", () => {
  const waited = (count: number, first: string | null) =>
    withTrials(({ round }) => ({ shortages: { count: round === 2 ? count : 0, first } }));
  assertEquals(warningsOf(waited(0, null)), []);
  assertWarns(waited(42, "EAGAIN"), true, "prefork-mutex waited 42 times, first for", "ulimit -u");
  assertWarns(waited(1, "EMFILE"), true, "waited once for an open file (EMFILE)", "ulimit -n");
});

Deno.test("warningsOf() reports rounds that vary widely, for each design separately", () => {
  const far = record([
    ...rounds("prefork-mutex", [0.1, 0.2, 0.3]),
    ...rounds("prefork-file-lock", [0.5, 0.5, 0.5]),
  ]);
  assertWarns(far, true, "prefork-mutex (MAD 50 %)", "--rounds");
});

Deno.test("warningsOf() reports CPU accounts that disagree, with the largest difference", () => {
  const check = (difference: number, agrees: boolean) =>
    ({ check: { source: "cgroup v1", cpuSeconds: 1, difference, agrees } }) as const;
  assertEquals(warningsOf(withTrials(() => check(0.01, true))), []);
  assertWarns(
    withTrials(({ round }) => round === 0 ? check(0.03, false) : check(-0.05, false)),
    true,
    "prefork-mutex (4 trials, up to -5.0 %)",
  );
});

Deno.test("warningsOf() reports foreign connections and a governor, which are not noise", () => {
  const foreign = { passiveOpens: 1001, otherTraffic: 1 };
  const kernel = { ...quiet.trials[0]!.kernel, ...foreign };
  assertWarns(withTrials(() => ({ kernel })), false, "4 connections", "--netns");
  assertWarns(withEnvironment({ governor: "powersave" }), false, "powersave");
  assertEquals(warningsOf(withEnvironment({ governor: "performance" })), []);
});

Deno.test("warningsOf() says that clients were threads, which is not noise", () => {
  const threads = withTrials(({ client }) => ({ client: { ...client!, making: "worker" } }));
  assertWarns(threads, false, "clients were threads", "fork does not work");
});

Deno.test("warningsOf() treats the points of a sweep separately, and names them", () => {
  const sweep = { parameter: "children", values: [15, 300] } as const;
  const cheap = rounds("prefork-mutex", [0.1, 0.1, 0.1], { poolSize: 15 });
  const at = (costs: number[]) =>
    record([...cheap, ...rounds("prefork-mutex", costs, { poolSize: 300 })], {
      sweep: { ...sweep, values: [...sweep.values] },
    });
  assertEquals(warningsOf(at([0.9, 0.9, 0.9])), []);
  assertWarns(at([0.4, 0.9, 2]), true, "prefork-mutex children=300 (MAD");
});

Deno.test("warningsOf() names a trial that makes more connections than the kernel keeps in TIME_WAIT", () => {
  assertEquals(warningsOf(withEnvironment({ timeWaitLimit: 1000 })), []);
  const command = "sysctl -w net.ipv4.tcp_max_tw_buckets=1000";
  assertWarns(withEnvironment({ timeWaitLimit: 999 }), false, "1000 connections", "999", command);
});

Deno.test("warningsOf() names trials that lost connections to a full backlog, failed ones too, and the command", () => {
  const dropping = (listenOverflows: number, backlogLimit: number | null) => {
    const recorded = withTrials((trial) => ({
      ...(trial.round === 2 ? { status: "failed", reason: "timed out" } : {}),
      kernel: { ...trial.kernel, listenOverflows: trial.round === 2 ? listenOverflows : 0 },
    }));
    const environment = { ...recorded.run.environment, backlogLimit };
    return { ...recorded, run: { ...recorded.run, environment } };
  };
  assertEquals(warningsOf(dropping(0, 8)), []);
  const trials = "prefork-mutex in round 2 (12)";
  const command = "sudo sysctl net.core.somaxconn=4096";
  assertWarns(dropping(12, 8), true, "12 connections", "somaxconn is 8", trials, command);
  assertWarns(dropping(1, 4096), true, "1 connection was", "fewer --clients");
});

Deno.test("warningsOf() names trials that lost packets to a full table of the firewall", () => {
  const lost = withTrials(({ kernel }) => ({ kernel: { ...kernel, conntrackDrops: 2 } }));
  assertWarns(lost, true, "8 packets", "in round 0 (2)", "nf_conntrack_max");
});

Deno.test("warningsOf() names designs whose hosts started apart for more than 5 % of the load", () => {
  const late = (skewSeconds: number) =>
    withTrials(({ client, load }) => {
      const { connections, requests, errors, cpu, latency } = client!;
      const part = { clients: load.clients, connections, requests, errors, cpu, latency };
      const clock = { wallSeconds: 1, offsetSeconds: 9, offsetBoundSeconds: 0.1 };
      const host = (name: string, skewSeconds: number) => (
        { host: name, ...part, ...clock, skewSeconds }
      );
      return {
        client: { ...client!, wallSeconds: 1, hosts: [host("h1", 0), host("h2", skewSeconds)] },
      };
    });
  assertEquals(warningsOf(late(0.05)), []);
  assertWarns(
    late(0.06),
    true,
    "prefork-mutex (4 of 4 trials, up to 6.0 % of the load)",
    "busy hosts",
  );
  // More than one call can have arguments.
  const many = new Array(150_000).fill(late(0.06).trials[0]);
  assertWarns({ ...quiet, trials: many }, true, "150000 of 150000 trials");
});
