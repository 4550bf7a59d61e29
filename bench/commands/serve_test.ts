/** The command itself. Its server program is tested beside it, in servers/. */
import {
  assert,
  assertEquals,
  assertGreater,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { designs } from "../../servers/designs.ts";
import type { Report } from "../../servers/host/account.ts";
import { childrenOf } from "../../servers/posix/files.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { listen } from "../../servers/posix/sockets.ts";
import { boundAddress, internetAddress } from "../../servers/posix/addresses.ts";
import { ask, Connection, freePath, freePort } from "../../servers/testing/client.ts";
import { closing } from "../../servers/testing/fork.ts";
import { NOTICE_SECONDS, type Outcome, pause } from "../../servers/testing/process.ts";
import { succeeds } from "../../servers/testing/starter.ts";
import { RunningTask, runTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";

const refused = async (words: readonly string[], ...args: string[]) =>
  assertRefused(await runHere("serve", ...args), 2, ...words);

Deno.test("serve lists the designs where it does not know one", async () => {
  await refused(['"forking"', ...designs.map(({ id }) => id)], "forking");
});

Deno.test("serve refuses a missing design, a second one, and an unknown flag", async () => {
  await refused(["Missing design"]);
  await refused(['"fork-per-client"'], "iterative", "fork-per-client");
  await refused(["--prot", "--help"], "iterative", "--prot", "80");
});

Deno.test("serve refuses numbers that do not fit", async () => {
  await refused(["--children must be 1 to 1000, not 0"], "iterative", "--children", "0");
  await refused(["--children must be a whole", "many"], "iterative", "--children", "many");
  await refused(["--port must be 0 to 65535, not 65536"], "iterative", "--port", "65536");
  await refused(["--port"], "iterative", "--port");
});

Deno.test("serve wants a path for a local design, and either a path or a port", async () => {
  for (const id of ["door", "channel"]) await refused([`deno task serve ${id} --path PATH`], id);
  await refused(["write one of them"], "door", "--path", "/tmp/x", "--port", "8888");
});

Deno.test("serve refuses an unknown service, and one that a design cannot have", async () => {
  await refused(['"gopher"', "--service bytes or http"], "iterative", "--service=gopher");
  await refused(["Cannot serve http over a channel", "leave out --service"], ...[
    ...["channel", "--path=@herd", "--service=http"],
  ]);
  await refused(["deno-serve, which speaks HTTP only; write --service http"], "deno-serve");
  await refused(["--echo or --service"], "slaunch", "--echo", "--service=http");
});

Deno.test("serve refuses to watch where there is no terminal, or nobody to look", async () => {
  await refused(["Cannot watch", "terminal"], "iterative", "--watch");
  await refused(["Cannot watch", "--json"], "iterative", "--watch", "--json");
});

Deno.test("serve has flags that are for slaunch only, and no dialog among events", async () => {
  for (const flag of ["--cpus=0", "--idle=1", "--echo", "--verbose"]) {
    await refused([flag.split("=")[0]!, "iterative", "slaunch"], "iterative", flag);
  }
  await refused(["--verbose or --json"], "slaunch", "--verbose", "--json");
});

Deno.test("serve slaunch refuses what is no list of processors, and those that are not there", async () => {
  await refused(["--cpus", '"all"; write a list'], "slaunch", "--cpus", "all");
  await refused(["processor 1023 of --cpus"], "slaunch", "--cpus", `${affinity()[0]},1023`);
  const empty = await runHere("serve", "slaunch", "--cpus", "1022-1023");
  const words = ["mask is empty", "none of the processors 1022-1023", "write --cpus with some of"];
  assertRefused(empty, 4, ...words);
});

Deno.test("serve refuses a port that is in use", async () => {
  const listener = listen(internetAddress("127.0.0.1", 0), "keep a port in use");
  using _ = closing(listener);
  const { port } = boundAddress(listener);
  const outcome = await runTask("serve", "iterative", "--port", String(port));
  assertRefused(outcome, 2, `127.0.0.1:${port}`, "in use; write another --port");
});

Deno.test("serve listens on the port it is given, and prints what it cost for people", async () => {
  const port = freePort();
  const args = [
    "prefork-shared-accept",
    "--children=3",
    `--port=${port}`,
    "--work=5",
    "--wait=exp:1",
  ];
  await using server = new RunningTask("serve", args);
  assertMatch((await server.nextLine())!, new RegExp(`^ready: .* on 127\\.0\\.0\\.1:${port} `));
  for (let i = 0; i < 4; i++) ask(port, "4000\n", 4000);
  ask(port, "abc\n", 1);
  server.signal("SIGINT");
  const { code, stdout, stderr } = await server.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n");
  assertEquals(lines.shift(), "Each request works 5 µs and waits 1 ms (exponential).");
  assertMatch(lines[0]!, /^CPU time: \d+\.\d{3} s /);
  const rows = lines.slice(2, 5).map((line) => line.match(/^ +(\d) +(\d+) +\d+\.\d{3}/) ?? []);
  assertEquals(rows.map(([, index]) => index), ["0", "1", "2"]);
  assertEquals(rows.reduce((sum, [, , clients]) => sum + Number(clients), 0), 5);
  assertMatch(lines.join("\n"), /1 refused/);
  assertMatch(lines.at(-1)!, /^total +5 +\d+\.\d{3}$/);
});

Deno.test("serve says how often its server waited for a descriptor, and what to raise", async () => {
  await using server = new RunningTask("serve", ["iterative"]);
  const line = (await server.nextLine())!;
  const [, port, host] = line.match(/:(\d+) \(process (\d+)/)!.map(Number);
  const limit = (count: number) =>
    assert(succeeds("prlimit", `--pid=${childrenOf(host!)[0]}`, `--nofile=${count}:`));
  limit(3); // the standard three
  ask(port!, "1\n", 1); // accept had its descriptor already
  using client = new Connection(port!);
  client.send("1\n");
  await pause(50);
  limit(1024);
  assertEquals(client.receive(1).length, 1);
  server.signal("SIGTERM");
  const last = (await server.ended()).stdout.trimEnd().split("\n").at(-1)!;
  assertMatch(last, /^The server waited .* for an open file \(EMFILE\): raise ulimit -n$/);
});

/** An event of `serve --json`; only reports have more than a name here. */
type ServeEvent = { readonly event: string } & Partial<Report>;

/** The command with `--json`, and its events. */
class Serving extends RunningTask {
  constructor(...args: string[]) {
    super("serve", [...args, "--json"]);
  }

  /** The next event. */
  async next() {
    return JSON.parse((await this.nextLine()) ?? "null");
  }

  override async ended(): Promise<Outcome & { readonly events: readonly ServeEvent[] }> {
    const outcome = await super.ended();
    const lines = outcome.stdout.split("\n").filter((line) => line !== "");
    return { ...outcome, events: lines.map((line) => JSON.parse(line)) };
  }
}

Deno.test("serve --json prints events, and takes a mark for a mark and no other word", async () => {
  // One process, which counts a connection before it accepts the next.
  await using server = new Serving("iterative");
  const { port, pid, ...ready } = await server.next();
  assertEquals(ready, { event: "ready", design: "iterative", host: "127.0.0.1" });
  assertNotEquals(pid, server.pid);
  ask(port, "abc\n", 1);
  ask(port, "1\n", 1);
  await server.write("remark\nmarked\n  mark");
  assertEquals(await server.next(), { event: "marked" });
  ask(port, "1\n", 1);
  server.signal("SIGTERM");
  const { code, events: [report, ...more] } = await server.ended();
  assertEquals([code, more], [0, []]);
  assertEquals([report!.event, report!.design], ["report", "iterative"]);
  assertGreater(report!.cpu!.total, 0);
  const [{ connections, rejected }] = report!.children as [Report["children"][number]];
  assertEquals([connections, rejected], [1, 0]);
});

Deno.test("serve --path --json names the path, and reports a server that is killed", async () => {
  const path = freePath();
  await using server = new Serving("prefork-mutex", "--path", path);
  const { pid, ...ready } = await server.next();
  assertEquals(ready, { event: "ready", design: "prefork-mutex", path });
  // Beside it there is the guard of the path.
  const isServer = (commandLine: string) => commandLine.includes("servers/host/main.ts");
  const [victim] = server.processes()
    .filter(({ parent, commandLine }) => parent === pid && isServer(commandLine));
  Deno.kill(victim!.pid, "SIGKILL");
  const { code, stderr, events } = await server.ended();
  assertEquals([code, events.map(({ event }) => event)], [3, ["report"]]);
  const reason = "the server process was ended by signal 9";
  assertEquals(stderr, `serve: prefork-mutex failed: ${reason}\n`);
});

Deno.test("serve finishes with a client before it stops", async () => {
  await using server = new Serving("iterative");
  const { port } = await server.next();
  const bytes = 16 * 1024 * 1024;
  {
    using connection = new Connection(port);
    connection.send(`${bytes}\n`);
    connection.receive(1);
    server.signal("SIGTERM");
    assertNotEquals(await server.left(0.2), []);
    assertEquals(connection.receive(bytes - 1).length, bytes - 1);
  }
  const { code, events } = await server.ended();
  assertEquals([code, events.length], [0, 1]);
});

for (
  const [signal, ends] of [["SIGTERM", "at a signal"], ["SIGKILL", "when it is killed"]] as const
) {
  Deno.test(`serve ends its server ${ends}, although a client stays connected`, async () => {
    await using server = new Serving("prefork-shared-accept", "--children=2");
    const { port } = await server.next();
    using connection = new Connection(port);
    connection.send("1\n");
    connection.receive(1);
    server.signal(signal);
    assertEquals(connection.receive(1).length, 0);
    assertEquals(await server.left(NOTICE_SECONDS), []);
  });
}

Deno.test("serve ends its server in order when its own parent is killed", async () => {
  const via = ["/bin/sh", "-c", '"$@" & wait', "sh"];
  await using server = new RunningTask("serve", ["prefork-shared-accept", "--json"], { via });
  const { port } = JSON.parse((await server.nextLine())!);
  ask(port, "4000\n", 4000);
  server.signal("SIGKILL");
  const { stdout } = await server.ended();
  assertStringIncludes(stdout, '"event":"report"');
  assertEquals(await server.left(NOTICE_SECONDS), []);
  assert(stdout.endsWith("}\n"));
});
