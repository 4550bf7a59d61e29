/** The command itself. Its load program is tested in clients/. */
import { isLong } from "../../servers/testing/long.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePath } from "../../servers/testing/client.ts";
import { descriptorLimit } from "../../servers/posix/processes.ts";
import { startServer, sumOf } from "../../servers/testing/server.ts";
import { RunningTask, runTask } from "../../servers/testing/task.ts";
import { assertRefused, runHere } from "../testing.ts";

Deno.test("load prints its report for people", async () => {
  await using server = await startServer("iterative");
  const args = [`--port=${server.port}`, "--clients=2", "--connections=5", "--bytes=10"];
  const { code, stdout, stderr } = await runTask("load", ...args);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertStringIncludes(stdout, "2 clients × 5 connections × 10 bytes to 127.0.0.1:");
  assertMatch(stdout, /^connections +10 in \d+\.\d{3} s, \d+ a second$/m);
  assertMatch(stdout, /^errors +none$/m);
  // Ten requests are too few for any percentile.
  assertMatch(
    stdout,
    /^latency +p50 –, p90 –, p99 –, p99.9 –, max \d+\.\d{3} ms, of a closed loop$/m,
  );
});

Deno.test({
  name: "load --duration ends after that time, whatever the number of connections (a long test)",
  ignore: !isLong,
  fn: async () => {
    await using server = await startServer("iterative");
    const args = [`--port=${server.port}`, "--clients=2", "--duration=1s", "--bytes=10"];
    const { code, stdout, stderr } = await runTask("load", ...args);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertStringIncludes(stdout, "2 clients × 1 s × 10 bytes to 127.0.0.1:");
    // The last connection of a client may take long on a busy machine.
    const [, connections] = stdout.match(/^connections +(\d+) in [1-9]\.\d{3} s/m)!;
    assertEquals(sumOf((await server.stop()).report, "connections"), Number(connections));
    assertMatch(stdout, /^errors +none$/m);
    assertEquals(/^stopped/m.test(stdout), false);
  },
});

Deno.test("load --json prints its report as an event, with a server at a path", async () => {
  const path = freePath();
  await using server = await startServer("prefork-mutex", { path });
  const args = ["--clients=2", "--connections=5", "--warmup=3", "--json"];
  const { code, stdout, stderr } = await runTask("load", "--path", path, ...args);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const { event, connections, errors } = JSON.parse(stdout);
  assertEquals({ event, connections, errors }, { event: "report", connections: 10, errors: {} });
  assertEquals(sumOf((await server.stop()).report, "connections"), 2 * (5 + 3));
});

Deno.test({
  name: "load --url gets a page over HTTP, and quotes a status that is none of success",
  ignore: !isLong,
  fn: async () => {
    await using server = await startServer("prefork-mutex", { service: "http" });
    const args = ["--clients=2", "--connections=3", "--requests=4"];
    const url = `http://127.0.0.1:${server.port}`;
    const { code, stdout } = await runTask("load", "--url", `${url}/bytes/70000`, ...args);
    assertEquals(code, 0);
    assertStringIncludes(
      stdout,
      "2 clients × 3 connections × 4 requests × /bytes/70000 over HTTP to ",
    );
    assertMatch(stdout, /^requests +24, \d+ a second$/m);
    const missing = await runTask("load", "--url", `${url}/?x`, ...args);
    assertEquals(missing.code, 3);
    assertMatch(missing.stdout, /^errors +6 not an answer: "HTTP\/1.1 404 Not Found"$/m);
    const { report } = await server.stop();
    assertEquals([sumOf(report, "connections"), sumOf(report, "requests")], [12, 24 + 6]);
  },
});

Deno.test("load fails where clients had errors", async () => {
  const path = `@herd-test-${crypto.randomUUID()}`;
  const args = ["--path", path, "--clients=2", "--connections=3"];
  const { code, stdout } = await runTask("load", ...args);
  assertEquals(code, 3);
  assertMatch(stdout, /^errors +6 ECONNREFUSED$/m);
  assertMatch(stdout, /^latency +–$/m);
});

Deno.test("load stops where nobody listens", async () => {
  const path = `@herd-test-${crypto.randomUUID()}`;
  const { code, stdout } = await runTask("load", "--path", path, "--clients=2");
  assertEquals(code, 3);
  assertMatch(stdout, /^errors +100 ECONNREFUSED$/m);
  assertMatch(
    stdout,
    /^stopped +after 100 connections of 1000: each client was refused 50 in a row$/m,
  );
  const timed = await runTask("load", "--path", path, "--clients=2", "--duration=60");
  assertMatch(timed.stdout, /^stopped +after 100 connections in 60 s: each client was refused/m);
});

Deno.test("load refuses a missing port, operands, and numbers out of range", async () => {
  const refused = async (words: string[], ...args: string[]) =>
    assertRefused(await runHere("load", ...args), 2, ...words);
  await refused(["Missing port", "--port"]);
  await refused(['"8080"'], "8080");
  await refused(["Missing path", "--path PATH"], "--transport=door");
  await refused(["over TCP"], "--path=/tmp/x", "--transport=tcp");
  await refused(['"udp"', "tcp, unix, door"], "--port=80", "--transport=udp");
  await refused(["--port"], "--port=0");
  await refused(['"ftp"', "--service bytes or http"], "--port=80", "--service=ftp");
  await refused(
    ["Cannot serve http over a door", "leave out --service"],
    ...["--path=/tmp/x", "--transport=door", "--service=http"],
  );
  await refused(
    ["several requests", "over a channel", "leave out --requests"],
    ...["--path=/tmp/x", "--transport=channel", "--requests=2"],
  );
  await refused(
    ["--duration and --connections", "leave out one"],
    ...["--port=80", "--duration=5", "--connections=5"],
  );
  await refused(["Cannot read --url", "http://"], "--url=https://a/");
  await refused(["Cannot use --port with --url"], "--url=http://a/", "--port=80");
  await refused(
    ["Cannot send requests at a rate over a door", "leave out --rate"],
    ...["--path=/tmp/x", "--transport=door", "--rate=5"],
  );
  await refused(["without --rate"], "--port=80", "--arrivals=even");
  await refused(['"odd"', "poisson or even"], "--port=80", "--rate=5", "--arrivals=odd");
  await refused(["leave out --think, or --rate"], "--port=80", "--rate=5", "--think=5");
  await refused(["--clients up to 1000, or --rate"], "--port=80", "--clients=1001");
  await refused(["--port must be 1 to 65535, not 65536"], "--port=65536");
  await refused(["--bytes must be 1 to 16777216, not 0"], "--port=80", "--bytes=0");
  await refused(
    ["--timeout must be a whole number, 1 to 3600 seconds, not soon"],
    "--port=80",
    "--timeout=soon",
  );
});

Deno.test("load refuses more connections at a time than a process may have open files", async () => {
  const most = descriptorLimit();
  if (most >= 100_000) return; // the most clients there are
  assertRefused(
    await runHere("load", "--port=80", "--rate=5", `--clients=${most}`),
    4,
    `takes ${most + 64} open files, and a process may have ${most}`,
    "ulimit -n",
  );
});

Deno.test("load refuses an unknown host", async () => {
  // An empty label is refused without asking a name server.
  assertRefused(await runTask("load", "--port=80", "--host=no..host"), 2, '"no..host"');
});

for (const [signal, code] of [["SIGINT", 130], ["SIGKILL", 137]] as const) {
  Deno.test(`load's clients terminate when ${signal} terminates it`, async () => {
    await using server = await startServer("iterative");
    const args = [`--port=${server.port}`, "--clients=5", "--connections=100000"];
    await using running = new RunningTask("load", args);
    // The command, the program and its clients.
    await running.find((processes) => processes.length === 2 + 5 || undefined);
    running.signal(signal);
    assertEquals((await running.ended()).code, code);
    assertEquals(await running.left(), []);
  });
}
