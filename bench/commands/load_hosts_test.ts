/** Loads from other hosts, with a program in place of ssh: `bench/agents/hosts_test.ts` has real ones. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
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

Deno.test("load --hosts shares clients among hosts, skips what they print, and names one out of reach", async () => {
  using folder = new TemporaryFolder();
  await Deno.writeTextFile(`${folder.path}/ssh`, SSH, { mode: 0o755 });
  await using server = await startServer("iterative");
  const load = async (hosts: string) => {
    const flags = [`--port=${server.port}`, "--clients=3", "--connections=20", "--json"];
    const deno = Deno.execPath().replace(/[/][^/]*$/, "");
    const env = { PATH: `${folder.path}:${deno}:/usr/bin:/bin` };
    await using running = new RunningTask("load", ["--hosts", hosts, ...flags], { env });
    return await running.ended();
  };
  const { code, stdout, stderr } = await load("a,b");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const { connections, hosts } = JSON.parse(stdout);
  const parts = hosts.map(({ host, connections }: Record<string, unknown>) => [host, connections]);
  assertEquals([connections, parts], [60, [["a", 40], ["b", 20]]]);
  const lost = await load("gone");
  assertEquals(lost.code, 3);
  assertStringIncludes(lost.stderr, "Cannot reach gone: ssh: no route to gone");
  assertEquals(sumOf((await server.stop()).report, "connections"), 60);
});

Deno.test("load refuses hosts with a path, and an engine without hosts", async () => {
  const path = await runHere("load", "--path=@x", "--hosts=a");
  assertEquals(path.code, 2);
  assertStringIncludes(path.stderr, "Cannot reach a path from other hosts");
  const engine = await runHere("load", "--port=80", "--via=ssh");
  assertStringIncludes(engine.stderr, "Cannot use --via without hosts");
});
