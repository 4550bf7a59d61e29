/** The load program, as bench runs it. */
import { isLong } from "../servers/testing/long.ts";
import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLessOrEqual,
  assertStringIncludes,
} from "@std/assert";
import { decodeFromCompressedBase64 } from "npm:hdr-histogram-js@3.0.1";
import { denoArguments } from "../bench/agents/program.ts";
import { LOAD_DEFAULTS, LOAD_PROGRAM, startLoad } from "../bench/agents/load.ts";
import { boundAddress, internetAddress } from "../servers/posix/addresses.ts";
import { tcpSocketsOn, TcpState } from "../servers/posix/tcp_table.ts";
import { fork } from "../servers/posix/fork.ts";
import { close, read, write } from "../servers/posix/io.ts";
import { dieWithParent, getpid, kill, wait } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { accept, listen } from "../servers/posix/sockets.ts";
import { eventually, RunningProcess } from "../servers/testing/process.ts";
import { startServer, sumOf } from "../servers/testing/server.ts";
import { OnTerminal } from "../servers/testing/terminal.ts";
import type { LoadReport } from "./protocol.ts";

/** Loads a server; the report of that. */
async function load(options: Parameters<typeof startLoad>[0]): Promise<LoadReport> {
  await using load = startLoad({ clients: 2, connections: 3, ...options });
  await load.next("ready");
  await load.send({ request: "go" });
  return (await load.next("report")).report;
}

/** A listener on a port of 127.0.0.1 that never accepts. */
class Silence implements Disposable {
  readonly listener = listen(internetAddress("127.0.0.1", 0), "listen and say nothing");
  readonly port = boundAddress(this.listener).port;

  /** Whether a client has connected. */
  get hasClients(): boolean {
    return tcpSocketsOn(this.port).find(({ state }) => state === TcpState.listen)!.receiveQueue > 0;
  }

  [Symbol.dispose](): void {
    close(this.listener);
  }
}

/** A server that answers every request with the same bytes. */
class Liar extends Silence {
  readonly #pid: number;

  constructor(reply: Uint8Array<ArrayBuffer>) {
    super();
    const parent = getpid();
    this.#pid = fork(() => {
      dieWithParent(parent, Signal.KILL);
      const request = new Uint8Array(64);
      for (;;) {
        const connection = accept(this.listener);
        read(connection, request);
        if (reply.length > 0) write(connection, reply, reply.length);
        close(connection);
      }
    });
  }

  override [Symbol.dispose](): void {
    kill(this.#pid, Signal.KILL);
    wait(this.#pid);
    super[Symbol.dispose]();
  }
}

Deno.test("a load reports connections that are all answered", async () => {
  await using server = await startServer("prefork-shared-accept");
  const report = await load({ port: server.port, clients: 4, connections: 50 });
  assertEquals([report.connections, report.errors], [200, {}]);
  const { wallSeconds, connectionsPerSecond, cpu, latency } = report;
  assertGreater(wallSeconds, 0);
  assertEquals(connectionsPerSecond, 200 / wallSeconds);
  assertGreater(cpu.total, 0);
  assertGreater(latency.p50, 0);
  assertLessOrEqual(latency.p50, latency.p90!);
  assertLessOrEqual(latency.p90!, latency.p99);
  assertLessOrEqual(latency.p99, latency.max);
  const histogram = decodeFromCompressedBase64(latency.histogram);
  assertEquals(histogram.totalCount, 200);
  // It keeps three significant digits.
  assertAlmostEquals(histogram.maxValue / 1e6, latency.max, latency.max / 1000);
  const { intervalMilliseconds, requests, p99Microseconds } = report.series!;
  assertEquals(requests.reduce((sum, count) => sum + count), 200);
  assertEquals(p99Microseconds.map((one) => one > 0), requests.map((count) => count > 0));
  // It begins before the first client, and ends with the last.
  assertLessOrEqual(wallSeconds, requests.length * intervalMilliseconds / 1000);
  assertEquals(sumOf((await server.stop()).report, "connections"), 200);
});

/** A design for each transport of a local server. */
const local = [
  ["prefork-shared-accept", "unix"],
  ["door", "door"],
  ["channel", "channel"],
] as const;

for (const [design, transport] of isLong ? local : local.slice(0, 2)) {
  Deno.test(`a load reaches ${design} at a path`, async () => {
    await using server = await startServer(design, { path: `@herd-test-${crypto.randomUUID()}` });
    const { path } = server.ready;
    const { connections, errors } = await load({ path, transport, clients: 3, connections: 20 });
    assertEquals([connections, errors], [60, {}]);
    assertEquals(sumOf((await server.stop()).report, "connections"), 60);
  });
}

Deno.test("a load requests the given number of bytes, and does not count warm-up connections", async () => {
  await using server = await startServer("iterative");
  const sizes = [1, 65536, 65537];
  for (const bytes of sizes) {
    const report = await load({ port: server.port, bytes, warmUpConnections: 2 });
    assertEquals([report.connections, report.errors], [6, {}], `${bytes} bytes`);
  }
  assertEquals(sumOf((await server.stop()).report, "connections"), sizes.length * 2 * (3 + 2));
});

Deno.test("a load counts refused connections, and doors and streams that cannot be opened", async () => {
  const silence = new Silence();
  silence[Symbol.dispose]();
  const refused = { ECONNREFUSED: 6 };
  const { connections, errors } = await load({ port: silence.port });
  assertEquals([connections, errors], [0, refused]);
  for (const transport of ["unix", "door"] as const) {
    const path = `@herd-test-${crypto.randomUUID()}`;
    assertEquals((await load({ path, transport })).errors, refused);
  }
});

for (const [kind, sent] of [["short reply", 15], ["short reply", 0], ["long reply", 32]] as const) {
  Deno.test(`a load counts a reply of ${sent} bytes for 16 as a ${kind}`, async () => {
    using liar = new Liar(new Uint8Array(sent).fill(65));
    const { connections, errors } = await load({ port: liar.port, bytes: 16 });
    assertEquals([connections, errors], [0, { [kind]: 6 }]);
  });
}

for (const [bytes, line] of [[4000, "HTTP/1.1 400 Bad Request"], [7, "HTTP/1.1"]] as const) {
  Deno.test(`a load quotes the first line of a text in place of ${bytes} bytes`, async () => {
    using liar = new Liar(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const { errors } = await load({ port: liar.port, bytes });
    assertEquals(errors, { [`not an answer: "${line}"`]: 6 });
  });
}

Deno.test("a load counts a connection that times out", async () => {
  using silence = new Silence();
  const { connections, errors } = await load({
    port: silence.port,
    clients: 3,
    connections: 1,
    timeoutSeconds: 0.2,
  });
  assertEquals([connections, errors], [0, { "timed out": 3 }]);
});

/** A load program with five clients for a server that says nothing, ready to go. */
async function startClients(port: number): Promise<RunningProcess> {
  await using starting = new AsyncDisposableStack();
  const program = [Deno.execPath(), ...denoArguments(LOAD_PROGRAM)];
  const running = starting.use(new RunningProcess(program));
  const placement = { session: "same", processors: null, owner: Deno.pid };
  const options = { ...LOAD_DEFAULTS, clients: 5, placement };
  await running.write(JSON.stringify(options));
  const server = { host: "127.0.0.1", port, path: null };
  await running.write(JSON.stringify({ request: "connect", ...server }));
  assertEquals(await running.nextLine(), '{"event":"ready"}');
  assertEquals(running.processes().length, 1 + options.clients);
  starting.move();
  return running;
}

Deno.test("the clients of a load terminate when it is killed", async () => {
  using silence = new Silence();
  await using running = await startClients(silence.port);
  await running.write('{"request":"go"}');
  running.signal("SIGKILL");
  assertEquals(await running.left(), []);
});

for (const isRunning of [false, true]) {
  Deno.test(`the end of its input ends a load ${isRunning ? "that runs" : "before it starts"}`, async () => {
    using silence = new Silence();
    await using running = await startClients(silence.port);
    if (isRunning) {
      await running.write('{"request":"go"}');
      await eventually("a client", () => silence.hasClients || undefined);
    }
    await running.endInput();
    const { code, stdout, stderr } = await running.ended();
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
    assertEquals(await running.left(), []);
    if (!isRunning) assertEquals(silence.hasClients, false);
  });
}

/** Ways to ask, and the connections that each client makes of them: as many as would have V8 optimize more. */
const asking = [
  { service: "bytes", requests: 1, connections: 3000 },
  { service: "bytes", requests: 20, connections: 150 },
  { service: "http", requests: 1, connections: 3000 },
  { service: "http", requests: 20, connections: 150 },
] as const;

for (const { service, requests, connections } of asking) {
  const name = `forked clients find all their code compiled (${service}, ${requests} a connection)`;
  Deno.test(name, async () => {
    await using server = await startServer("prefork-shared-accept", { children: 2, service });
    const program = denoArguments(LOAD_PROGRAM).map((argument) =>
      argument.startsWith("--v8-flags=") ? `${argument},--trace-opt,--trace-deopt` : argument
    );
    // On a terminal, where V8 prints each line at once: what remained in a buffer would be lost with a client.
    await using terminal = new OnTerminal([Deno.execPath(), ...program]);
    const placement = { session: "own", processors: null, owner: Deno.pid };
    const options = {
      ...LOAD_DEFAULTS,
      clients: 2,
      warmUpConnections: 20,
      service,
      requests,
      connections,
      placement,
    };
    const at = { host: "127.0.0.1", port: server.port, path: null };
    terminal.type(`${JSON.stringify(options)}\n${JSON.stringify({ request: "connect", ...at })}\n`);
    await terminal.until(/"event":"ready"/);
    assertStringIncludes(terminal.text, "completed compiling");
    const before = terminal.text.length;
    terminal.type('{"request":"go"}\n');
    await terminal.until(/"event":"finished"/);
    const meanwhile = terminal.text.slice(before, terminal.text.indexOf('"event":"finished"'));
    assertEquals(
      meanwhile.split("\n").filter((line) => line.includes("completed compiling")),
      [],
    );
  });
}

Deno.test("a load at a rate has one process, and conserves connections and requests", async () => {
  await using server = await startServer("prefork-shared-accept", { service: "http" });
  const report = await load({
    port: server.port,
    clients: 10,
    connections: 4,
    requests: 5,
    service: "http",
    rate: 2000,
    arrivals: "even",
    warmUpConnections: 1,
  });
  assertEquals([report.connections, report.requests, report.errors], [40, 200, {}]);
  const { mostOpen, unsent, startedPerSecond } = report.openLoop!;
  assertEquals([mostOpen <= 10, unsent], [true, 0]);
  assertLessOrEqual(startedPerSecond, 2010);
  const { report: served } = await server.stop();
  assertEquals([sumOf(served, "connections"), sumOf(served, "requests")], [50, 250]);
});
