/** Loads from other hosts, with a program in place of ssh: `bench/agents/hosts_test.ts` has real ones. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { RunningProcess } from "../../servers/testing/process.ts";
import { startServer, sumOf } from "../../servers/testing/server.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { runHere } from "../testing.ts";

/** Runs here what ssh would run there, after a banner. The host `gone` is out of reach. */
const SSH = `#!/bin/sh
case $* in *" gone "*) echo "ssh: no route to gone" >&2; exit 255;; esac
for command; do :; done
echo "Welcome to {this} host"
export XDG_CACHE_HOME="$0.cache"
eval "$command"
`;

/** The environment of a command that finds it in place of ssh. */
async function withSsh({ path }: TemporaryFolder): Promise<{ PATH: string }> {
  await Deno.writeTextFile(`${path}/ssh`, SSH, { mode: 0o755 });
  const deno = Deno.execPath().replace(/[/][^/]*$/, "");
  return { PATH: `${path}:${deno}:/usr/bin:/bin` };
}

Deno.test("load --hosts shares clients among hosts, skips what they print, and names one out of reach", async () => {
  using folder = new TemporaryFolder();
  const env = await withSsh(folder);
  await using server = await startServer("iterative");
  const load = async (hosts: string) => {
    const flags = [`--port=${server.port}`, "--clients=3", "--connections=20", "--json"];
    await using running = new RunningTask("load", ["--hosts", hosts, ...flags], { env });
    return await running.ended();
  };
  const { code, stdout, stderr } = await load("a,b");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const { connections, hosts, series } = JSON.parse(stdout);
  const parts = hosts.map(({ host, connections }: Record<string, unknown>) => [host, connections]);
  assertEquals([connections, parts], [60, [["a", 40], ["b", 20]]]);
  assertEquals(series.requests.reduce((sum: number, count: number) => sum + count, 0), 60);
  const lost = await load("gone");
  assertEquals(lost.code, 3);
  assertStringIncludes(lost.stderr, "Cannot reach gone: ssh: no route to gone");
  assertEquals(sumOf((await server.stop()).report, "connections"), 60);
});

/** Prints what each host did in a load, and in the last trial of a run. */
const LIBRARY = `
import { bench, load, serve } from "${import.meta.resolve("../../mod.ts")}";

await using server = await serve("iterative");
const report = await load({ hosts: "a,b", port: server.port, clients: 3, connections: 20 });
await server.stop();
const { trials } = await bench({
  designs: ["prefork-mutex"],
  hosts: "a,b",
  address: "127.0.0.1",
  rounds: 1,
  clients: 2,
  connections: 10,
  folder: Deno.args[0],
});
const pool = trials.find(({ design }) => design === "prefork-mutex");
const parts = ({ hosts }) => hosts.map(({ host, connections }) => [host, connections]);
console.log(JSON.stringify([parts(report), parts(pool.client)]));
`;

Deno.test("load() and bench() have clients on hosts", async () => {
  using folder = new TemporaryFolder();
  const env = await withSsh(folder);
  const program = `${folder.path}/program.js`;
  Deno.writeTextFileSync(program, LIBRARY);
  const flags = ["--no-prompt", "--config=deno.json", "--allow-ffi", "--allow-run", "--allow-read"];
  const command = [Deno.execPath(), "run", ...flags, "--allow-write", program];
  await using running = new RunningProcess([...command, `${folder.path}/run`], { env });
  const { code, stdout, stderr } = await running.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(JSON.parse(stdout), [[["a", 40], ["b", 20]], [["a", 10], ["b", 10]]]);
});

Deno.test("load refuses hosts with a path, and an engine without hosts", async () => {
  const path = await runHere("load", "--path=@x", "--hosts=a");
  assertEquals(path.code, 2);
  assertStringIncludes(path.stderr, "Cannot reach a path from other hosts; write --port");
  const engine = await runHere("load", "--port=80", "--via=ssh");
  assertStringIncludes(engine.stderr, "Cannot use via without hosts; write --hosts");
});
