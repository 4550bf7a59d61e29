/** Loads and servers on other machines: three hosts, over each engine. The clock of the second is ahead. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { eventually, pause } from "../../servers/testing/process.ts";
import { startServer, sumOf } from "../../servers/testing/server.ts";
import { RunningTask, type Task } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";
import { ADDRESS, AHEAD_SECONDS, lackOfHosts, TestHosts } from "./testing_hosts.ts";

const ENGINES = { ssh: [], clush: ["clush"], srun: ["srun", "slurmctld", "slurmd", "munged"] };

/** A command on the server's machine. */
function task(hosts: TestHosts, name: Task, ...args: readonly string[]): RunningTask {
  return new RunningTask(name, args, { via: hosts.server, env: hosts.environment });
}

/** A load from all hosts that goes on, once its clients run. */
async function startLoad(hosts: TestHosts, port: number): Promise<RunningTask> {
  const flags = ["--clients=9", "--connections=1000000", `--port=${port}`, `--host=${ADDRESS}`];
  const load = task(hosts, "load", "--hosts", hosts.names.join(), "--via", hosts.via, ...flags);
  // On each host its program, the load program and three clients.
  await eventually("clients on all hosts", () => hosts.left().length >= 3 * 5 || undefined);
  await pause(1000);
  return load;
}

/** What is left on the hosts after some seconds, or as soon as there is nothing. */
async function leftOn(hosts: TestHosts, seconds: number): Promise<string[]> {
  for (const end = performance.now() + 1000 * seconds;;) {
    const left = hosts.left();
    if (left.length === 0 || performance.now() > end) return left;
    await pause(50);
  }
}

/** The processes of the engine that a load started. */
function enginesOf(load: RunningTask, engine: string): number[] {
  return load.processes().filter(({ commandLine, parent }) =>
    parent === load.pid && commandLine.includes(engine)
  ).map(({ pid }) => pid);
}

/** Runs a test with hosts, which take a second or more to make. */
function testWithHosts(
  engine: keyof typeof ENGINES,
  what: string,
  body: (hosts: TestHosts) => Promise<void>,
): void {
  const lack = isLong ? lackOfHosts(ENGINES[engine]) : undefined;
  Deno.test({
    name: `hosts over ${engine}: ${what} (a long test${lack === undefined ? "" : `; ${lack}`})`,
    ignore: !isLong || lack !== undefined,
    async fn() {
      await using hosts = await TestHosts.up(engine);
      await body(hosts);
    },
  });
}

for (const engine of ["ssh", "clush", "srun"] as const) {
  testWithHosts(engine, "nothing is lost, and clocks are known", async (hosts) => {
    await using server = await startServer("prefork-shared-accept", {
      via: hosts.server,
      host: ADDRESS,
    });
    const flags = ["--connections=300", `--port=${server.port}`, `--host=${ADDRESS}`, "--json"];
    await using load = task(
      hosts,
      "load",
      ...["--hosts", hosts.names.join(), "--via", hosts.via],
      ...flags,
    );
    const { code, stdout, stderr } = await load.ended();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const report = JSON.parse(stdout);
    assertEquals([report.connections, report.errors], [3000, {}]);
    assertEquals(
      report.hosts.map((
        { host, clients, connections }: Record<string, unknown>,
      ) => [host, clients, connections]),
      hosts.names.map((host, i) => [host, i === 0 ? 4 : 3, i === 0 ? 1200 : 900]),
    );
    for (const [i, clock] of report.hosts.entries()) {
      const error = clock.offsetSeconds - (i === 1 ? AHEAD_SECONDS : 0);
      assertLess(Math.abs(error), clock.offsetBoundSeconds, `${clock.host}: wrong by ${error} s`);
      assertLess(clock.skewSeconds, AHEAD_SECONDS / 2);
    }
    assertEquals(sumOf((await server.stop()).report, "connections"), 3000);
    assertEquals(hosts.left(), []);
  });

  /** What is killed, the code that the command ends with, and how long the hosts may take to notice. */
  const kills = [
    ["the command", 137, 3],
    ["the engine", 3, 10],
    ["a program on a host", 3, 10],
    ["the link of a host", 3, 40],
  ] as const;

  for (const [what, expected, seconds] of kills) {
    testWithHosts(engine, `nothing is left after the end of ${what}`, async (hosts) => {
      await using server = await startServer("prefork-shared-accept", {
        via: hosts.server,
        host: ADDRESS,
      });
      await using load = await startLoad(hosts, server.port);
      const engines = enginesOf(load, engine);
      assertGreater(engines.length, 0);
      if (what === "the command") load.signal("SIGKILL");
      else if (what === "the engine") engines.forEach((pid) => Deno.kill(pid, "SIGKILL"));
      else if (what === "the link of a host") hosts.setLink("down");
      else Deno.kill(hosts.pids()[0]!, "SIGKILL");
      assertEquals(await leftOn(hosts, seconds), []);
      const { code, stderr } = await load.ended();
      assertEquals(code, expected, stderr);
      if (expected === 3) assertMatch(stderr, /^load: lost [hn][123]: [^\n]+\n$/);
      if (engine === "srun") {
        await eventually("the end of the job", () => !/ (R|PD) /.test(hosts.jobs()) || undefined);
      }
    });
  }
}

testWithHosts("ssh", "bench records hosts, and a server on one of them", async (hosts) => {
  using folder = new TemporaryFolder();
  const output = `${folder.path}/run`;
  await using bench = task(
    hosts,
    "bench",
    ...["--designs=prefork-shared-accept,slaunch", "--rounds=1", "--connections=100"],
    ...["--hosts=h1,h2", "--server-host=h3", "--address=10.99.0.13", "--via", hosts.via],
    `--output=${output}`,
  );
  const { code, stdout, stderr } = await bench.ended();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "Clients on h1, h2, over ssh: Linux");
  assertStringIncludes(stdout, "Server on h3, over ssh: Linux");
  const { run, trials } = readRecord(output);
  assertEquals(run.hosts.map(({ host, part }) => [host, part]), [
    ["h3", "server"],
    ["h1", "clients"],
    ["h2", "clients"],
  ]);
  for (const { status, reason, client, kernel, check } of trials) {
    assertEquals([status, reason], ["ok", null]);
    assertEquals(kernel.passiveOpens, 1000); // of the server's machine
    assert(check !== null);
    const parts = client!.hosts!.map(({ connections }) => connections);
    assertEquals(parts.reduce((sum, count) => sum + count, 0), 1000);
  }
  assertEquals(hosts.left(), []);
});

testWithHosts(
  "ssh",
  "a host without Deno, or out of reach, is named with what to do",
  async (hosts) => {
    const refused = async (names: string) => {
      const flags = ["--hosts", names, "--via", hosts.via, "--port=80", `--host=${ADDRESS}`];
      await using load = task(hosts, "load", ...flags);
      return await load.ended();
    };
    const bare = await refused("h1,bare");
    assertEquals(bare.code, 4);
    assertMatch(
      bare.stderr,
      /^load: Cannot start Herd on bare: it has no Deno; write ssh bare mkdir /,
    );
    hosts.setLink("down");
    const lost = await refused("h1,h2");
    assertEquals(lost.code, 3);
    assertMatch(lost.stderr, /^load: Cannot reach h2: ssh: connect to host 10.99.0.12 port 2222: /);
    assertEquals(hosts.left(), []);
  },
);
