/** Where servers listen and clients connect: hosts, names with several addresses, machines without IPv4, few ports. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readRecord } from "../record/store.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { namespaced } from "../../servers/testing/network.ts";
import { startServer, sumOf } from "../../servers/testing/server.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";
import { othersWhoReach } from "./serve.ts";

const UP = "ip link set lo up";
const ipv6Only = namespaced(["--net"], `${UP} && ip addr del 127.0.0.1/8 dev lo`);
const fewPorts = namespaced(
  ["--net"],
  `${UP} && cd /proc/sys/net/ipv4 && echo 0 > tcp_tw_reuse && ` +
    "echo 50000 50099 > ip_local_port_range && cd - > /dev/null",
);

/** Two names whose first address is not the one to use. */
const HOSTS = "2001:db8::1 two.test\n2001:db8::2 two.test\n::1 localhost\n127.0.0.1 localhost\n";

/** Where names have these addresses. */
function named(folder: TemporaryFolder, ...net: readonly string[]): readonly string[] | undefined {
  Deno.writeTextFileSync(`${folder.path}/hosts`, HOSTS);
  const lines = [`mount --bind ${folder.path}/hosts /etc/hosts`, ...net];
  const kinds = net.length > 0 ? ["--mount", "--net"] as const : ["--mount"] as const;
  return namespaced(kinds, lines.join(" && "));
}

const SECOND_IS_OWN = [UP, "ip -6 addr add 2001:db8::2/64 dev lo"];
const [canName, canNameSecond] = [[], SECOND_IS_OWN].map((net) => {
  using folder = new TemporaryFolder();
  return named(folder, ...net) !== undefined;
});

async function run(via: readonly string[], task: "bench" | "load", ...args: string[]) {
  await using running = new RunningTask(task, args, { via });
  return await running.ended();
}

Deno.test({
  name:
    "serve takes the first address of a name that is this machine's, and warns who reaches it (ignored without root, ip or IPv6)",
  ignore: !canNameSecond,
  async fn() {
    using folder = new TemporaryFolder();
    const via = named(folder, ...SECOND_IS_OWN)!;
    const args = ["iterative", "--host=two.test", "--port=8888"];
    await using server = new RunningTask("serve", args, { via });
    assertMatch((await server.nextLine())!, /^ready: iterative on \[2001:db8::2\]:8888 /);
    server.signal("SIGTERM");
    const { code, stderr } = await server.ended();
    assertEquals(code, 0);
    assertMatch(stderr, /^Warning: whoever reaches 2001:db8::2 over the network can [^\n]+\n$/);
  },
});

Deno.test("othersWhoReach() tells addresses that others reach from those of this machine only", () => {
  assertEquals(["127.0.0.1", "127.1.2.3", "::1"].map(othersWhoReach), Array(3).fill(undefined));
  assertEquals(othersWhoReach("192.0.2.1"), "192.0.2.1");
  assertEquals(othersWhoReach("0.0.0.0"), "any IPv4 address of this machine");
  assertEquals(othersWhoReach("::"), "any address of this machine");
});

Deno.test("serve refuses a host that is not this machine, or with a path", async () => {
  const refused = async (words: string[], ...args: string[]) =>
    assertRefused(await runHere("serve", "iterative", ...args), 2, ...words);
  await refused(
    ["198.51.100.1: it is no address of this machine; write --host"],
    "--host=198.51.100.1",
  );
  await refused(['"no..host"'], "--host=no..host");
  await refused(["--host and --path"], "--host=::1", "--path=/tmp/x");
});

Deno.test({
  name:
    "load and requester try every address of a name: localhost is ::1 first, the server on 127.0.0.1 (ignored without root)",
  ignore: !isLong || (!canName),
  async fn() {
    using folder = new TemporaryFolder();
    const via = named(folder)!;
    await using server = await startServer("iterative");
    const where = ["--host=localhost", `--port=${server.port}`];
    const { code, stdout } = await run(via, "load", ...where, "--clients=3", "--connections=5");
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /^connections +15 .*\nerrors +none$/m);
    await using requester = new RunningTask("requester", where, { via });
    await requester.endInput();
    assertEquals((await requester.ended()).code, 0);
    assertEquals(sumOf((await server.stop()).report, "connections"), 15 + 1);
  },
});

Deno.test("load says which local ports are missing, before it starts", async () => {
  const args = ["--host=192.0.2.1", "--port=9", "--clients=100", "--connections=1000"];
  const outcome = await runHere("load", ...args);
  assertRefused(outcome, 4, "100000 times to 192.0.2.1:9", "are missing; write sysctl -w");
});

/** A trial of the baseline, and what the tables say. */
async function benchIn(via: readonly string[]) {
  using folder = new TemporaryFolder();
  const output = `${folder.path}/run`;
  const args = ["--designs=iterative", "--quick", "--output", output];
  const { code, stdout, stderr } = await run(via, "bench", ...args);
  assertEquals(code, 0, stderr);
  const { run: { environment }, trials: [trial] } = readRecord(output);
  assertEquals([trial?.status, trial?.client?.connections], ["ok", 500]);
  return { loopback: environment.loopback, stdout };
}

Deno.test({
  name:
    "bench measures on a machine with IPv6 only, and says so (ignored without root, ip or IPv6)",
  ignore: !isLong || (ipv6Only === undefined),
  async fn() {
    const { loopback, stdout } = await benchIn(ipv6Only!);
    assertEquals(loopback, "::1");
    assertStringIncludes(stdout, "; over IPv6;");
  },
});

Deno.test({
  name:
    "bench makes more connections than there are local ports (ignored without root or ip; long)",
  // In clients/ there is a shorter one.
  ignore: fewPorts === undefined || !isLong,
  async fn() {
    const { loopback, stdout } = await benchIn(fewPorts!);
    assertEquals([loopback, stdout.includes("IPv6")], ["127.0.0.1", false]);
  },
});
