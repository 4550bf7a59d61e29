import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLessOrEqual,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { decodeFromCompressedBase64 } from "hdr-histogram-js";
import { fork } from "../servers/posix/fork.ts";
import { dieWithParent, getpid, kill, wait } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { accept, listen } from "../servers/posix/sockets.ts";
import { boundAddress, internetAddress } from "../servers/posix/addresses.ts";
import { close, read, write } from "../servers/posix/io.ts";
import type { Outcome } from "../servers/testing/process.ts";
import { startServer } from "../servers/testing/server.ts";
import { RunningTask, runTask } from "../servers/testing/task.ts";
import type { LoadReport } from "./protocol.ts";

const NOTICE_SECONDS = 3;

/** Loads a port or path and returns the JSON report. */
async function load(
  place: number | string,
  ...args: string[]
): Promise<LoadReport & { code: number }> {
  const where = typeof place === "number" ? `--port=${place}` : `--path=${place}`;
  const { code, stdout, stderr } = await runTask("load", where, "--json", ...args);
  assertEquals(stderr, "");
  const { event, ...report } = JSON.parse(stdout);
  assertEquals(event, "report");
  return { code, ...report };
}

/** A listener on a port of 127.0.0.1 that never accepts. */
class Silence implements Disposable {
  readonly listener = listen(internetAddress("127.0.0.1", 0), "listen and say nothing");
  readonly port = boundAddress(this.listener).port;

  [Symbol.dispose](): void {
    close(this.listener);
  }
}

/** A server that answers every request with the same number of bytes. */
class Liar extends Silence {
  readonly #pid: number;

  constructor(bytes: number) {
    super();
    const parent = getpid();
    this.#pid = fork(() => {
      dieWithParent(parent, Signal.KILL);
      const [request, reply] = [new Uint8Array(64), new Uint8Array(bytes)];
      for (;;) {
        const connection = accept(this.listener);
        read(connection, request);
        if (bytes > 0) write(connection, reply, bytes);
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

for (const design of ["iterative", "prefork-shared-accept"]) {
  Deno.test(`load reports connections that are all answered by ${design}`, async () => {
    await using server = await startServer(design);
    const { code, ...report } = await load(server.port, "--clients=10", "--connections=20");
    assertEquals([code, report.connections, report.errors], [0, 200, {}]);
    const { wallSeconds, connectionsPerSecond, cpu, latency } = report;
    assertGreater(wallSeconds, 0);
    assertEquals(connectionsPerSecond, 200 / wallSeconds);
    assertGreater(cpu.total, 0);
    assertGreater(latency.p50, 0);
    assertLessOrEqual(latency.p50, latency.p99);
    assertLessOrEqual(latency.p99, latency.max);
    const served = (await server.stop()).report!.children;
    assertEquals(served.reduce((sum, { connections }) => sum + connections, 0), 200);
  });
}

for (const [design, transport] of [["prefork-shared-accept", "unix"], ["door", "door"]] as const) {
  Deno.test(`load reaches ${design} at a path`, async () => {
    await using server = await startServer(design, { path: `@herd-test-${crypto.randomUUID()}` });
    const { code, connections, errors } = await load(
      server.ready.path!,
      ...["--transport", transport, "--clients=10", "--connections=20"],
    );
    assertEquals([code, connections, errors], [0, 200, {}]);
    const served = (await server.stop()).report!.children;
    assertEquals(served.reduce((sum, { connections }) => sum + connections, 0), 200);
  });
}

Deno.test("load counts doors and streams that cannot be opened", async () => {
  for (const transport of ["unix", "door"]) {
    const args = ["--transport", transport, "--clients=2", "--connections=3"];
    const { code, errors } = await load(`@herd-test-${crypto.randomUUID()}`, ...args);
    assertEquals([code, errors], [3, { ECONNREFUSED: 6 }]);
  }
});

Deno.test("load has all latencies in its histogram", async () => {
  await using server = await startServer("iterative");
  const { latency } = await load(server.port, "--clients=2", "--connections=15");
  const histogram = decodeFromCompressedBase64(latency.histogram);
  assertEquals(histogram.totalCount, 30);
  // It keeps three significant digits.
  assertAlmostEquals(histogram.maxValue / 1e6, latency.max, latency.max / 1000);
});

Deno.test("load requests the given number of bytes", async () => {
  await using server = await startServer("iterative");
  for (const bytes of [1, 65535, 65536, 65537, 1_000_000]) {
    const report = await load(server.port, "--clients=2", "--connections=3", `--bytes=${bytes}`);
    assertEquals([report.connections, report.errors], [6, {}], `${bytes} bytes`);
  }
});

Deno.test("load does not count warm-up connections", async () => {
  await using server = await startServer("iterative");
  const report = await load(server.port, "--clients=2", "--connections=5", "--warmup=7");
  assertEquals(report.connections, 10);
  const [served] = (await server.stop()).report!.children;
  assertEquals(served!.connections, 2 * (5 + 7));
});

Deno.test("load prints its report for people", async () => {
  await using server = await startServer("iterative");
  const args = [`--port=${server.port}`, "--clients=2", "--connections=5", "--bytes=10"];
  const { code, stdout, stderr } = await runTask("load", ...args);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertStringIncludes(stdout, "2 clients × 5 connections × 10 bytes to 127.0.0.1:");
  assertMatch(stdout, /^connections +10 in \d+\.\d{3} s, \d+ a second$/m);
  assertMatch(stdout, /^errors +none$/m);
});

Deno.test("load counts refused connections", async () => {
  const silence = new Silence();
  silence[Symbol.dispose]();
  const { code, connections, errors } = await load(
    silence.port,
    ...["--clients=3", "--connections=4"],
  );
  assertEquals({ code, connections, errors }, {
    code: 3,
    connections: 0,
    errors: { ECONNREFUSED: 12 },
  });
});

for (const [kind, sent] of [["short reply", 15], ["short reply", 0], ["long reply", 32]] as const) {
  Deno.test(`load counts a reply of ${sent} bytes for 16 as a ${kind}`, async () => {
    using liar = new Liar(sent);
    const report = await load(liar.port, "--clients=2", "--connections=3", "--bytes=16");
    assertEquals([report.code, report.connections], [3, 0]);
    assertEquals(report.errors, { [kind]: 6 });
  });
}

Deno.test("load counts a connection that times out", async () => {
  using silence = new Silence();
  const report = await load(silence.port, "--clients=3", "--connections=1", "--timeout=1");
  assertEquals([report.code, report.connections], [3, 0]);
  assertEquals(report.errors, { "timed out": 3 });
});

/** Asserts exit code 2, one line on standard error and nothing on standard output. */
function assertMistake({ code, stdout, stderr }: Outcome, ...words: string[]): void {
  assertEquals({ code, stdout }, { code: 2, stdout: "" }, stderr);
  assertMatch(stderr, /^load: .+\n$/);
  for (const word of words) assertStringIncludes(stderr, word);
}

Deno.test("load refuses a missing port, and operands", async () => {
  assertMistake(await runTask("load"), "Missing port", "--port");
  assertMistake(await runTask("load", "8080"), '"8080"');
  assertMistake(await runTask("load", "--transport=door"), "Missing path", "--path PATH");
  assertMistake(await runTask("load", "--path=/tmp/x", "--transport=tcp"), "over TCP");
  assertMistake(await runTask("load", "--port=80", "--transport=udp"), '"udp"', "tcp, unix, door");
});

Deno.test("load refuses numbers out of range", async () => {
  assertMistake(await runTask("load", "--port=0"), "--port");
  assertMistake(await runTask("load", "--port=65536"), "--port", '"65536"');
  assertMistake(await runTask("load", "--port=80", "--bytes=0"), "--bytes", '"0"');
  assertMistake(await runTask("load", "--port=80", "--timeout=soon"), "--timeout", '"soon"');
});

Deno.test("load refuses an unknown host", async () => {
  // An empty label is refused without asking a name server.
  assertMistake(await runTask("load", "--port=80", "--host=no..host"), '"no..host"');
});

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  Deno.test(`load's clients terminate when ${signal} terminates it`, async () => {
    using silence = new Silence();
    await using running = new RunningTask("load", [`--port=${silence.port}`, "--clients=5"]);
    const clients = await running.find((processes) => {
      const clients = processes.filter(({ parent }) => parent === running.pid);
      return clients.length === 5 ? clients : undefined;
    });
    assert(clients.every(({ commandLine }) => commandLine.includes("load.ts")));
    running.signal(signal);
    assertEquals(await running.left(NOTICE_SECONDS), []);
  });
}
