import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import type { Report } from "../../servers/host/account.ts";
import { designs } from "../../servers/designs.ts";
import { boundAddress, internetAddress } from "../../servers/posix/addresses.ts";
import { Errno, hasErrno } from "../../servers/posix/errors.ts";
import { listen } from "../../servers/posix/sockets.ts";
import {
  ask,
  closing,
  Connection,
  freePort,
  type Outcome,
  RunningServer,
  ServeProcess,
  startServer,
} from "../../servers/testing.ts";

async function serve(...args: string[]): Promise<Outcome> {
  await using process = new ServeProcess(args);
  return await process.ended();
}

/** A mistake: exit code 2, one line on standard error and nothing on standard output. */
function assertMistake({ code, lines, stderr }: Outcome, ...words: string[]): void {
  assertEquals({ code, lines }, { code: 2, lines: [] });
  assertMatch(stderr, /^serve: .+\n$/);
  for (const word of words) assertStringIncludes(stderr, word);
}

Deno.test("serve lists the designs where it does not know one", async () => {
  const ids = designs.map((design) => design.id);
  assertMistake(await serve("forking"), '"forking"', ...ids);
});

Deno.test("serve refuses a missing design, and a second one", async () => {
  assertMistake(await serve(), "Missing design");
  assertMistake(await serve("iterative", "fork-per-client"), '"fork-per-client"');
});

Deno.test("serve refuses an unknown flag", async () => {
  assertMistake(await serve("iterative", "--prot", "80"), "--prot", "--help");
});

Deno.test("serve refuses numbers that do not fit", async () => {
  assertMistake(await serve("iterative", "--children", "0"), "--children", '"0"');
  assertMistake(await serve("iterative", "--children", "many"), "--children", '"many"');
  assertMistake(await serve("iterative", "--port", "65536"), "--port", '"65536"');
  assertMistake(await serve("iterative", "--port"), "--port");
});

Deno.test("serve refuses a port that is in use", async () => {
  const listener = listen(internetAddress("127.0.0.1", 0), "keep a port in use");
  using _ = closing(listener);
  const { port } = boundAddress(listener);
  assertMistake(await serve("iterative", "--port", String(port)), `127.0.0.1:${port}`, "in use");
});

Deno.test("serve answers --help with its flags", async () => {
  const { code, lines, stderr } = await serve("--help");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  for (const words of ["deno task serve DESIGN", "--port PORT", "--children N", "--json"]) {
    assertStringIncludes(lines.join("\n"), words);
  }
});

Deno.test("serve listens on the port it is given", async () => {
  const port = freePort();
  await using server = await startServer("iterative", { args: ["--port", String(port)] });
  assertEquals(server.port, port);
  assertEquals(ask(port, "4000\n", 4000).length, 4000);
});

for (const id of ["iterative", "prefork-fd-passing", "prethread-main-accept", "prespawn-mutex"]) {
  Deno.test(`serve ${id} opens its port when it is ready, and misses nobody who comes at once`, async () => {
    const port = freePort();
    const args = [id, "--port", String(port), "--json", "--children", "2"];
    await using server = new RunningServer(args);
    let refused = 0;
    for (const end = performance.now() + 10_000; performance.now() < end; refused++) {
      try {
        assertEquals(ask(port, "4000\n", 4000).length, 4000);
        break;
      } catch (error) {
        assert(hasErrno(error, Errno.ECONNREFUSED), String(error));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    assertGreater(refused, 0);
    await server.waitUntilReady();
    const { report } = await server.stop();
    assertEquals(report!.children.reduce((sum, { connections }) => sum + connections, 0), 1);
  });
}

Deno.test("serve refuses a port that another server takes at the same time", async () => {
  const args = ["prethread-mutex", "--port", String(freePort()), "--json", "--children=2"];
  await using stack = new AsyncDisposableStack();
  const servers = [1, 2].map(() => stack.use(new RunningServer(args)));
  const results = await Promise.allSettled(servers.map((server) => server.waitUntilReady()));
  const failures = results.flatMap((result) => result.status === "rejected" ? [result] : []);
  assertEquals(failures.length, 1);
  assertStringIncludes(String(failures[0]!.reason), "the port is in use; write another");
});

Deno.test("serve fork-per-client tells its memory although nobody has waited for its last child", async () => {
  await using server = await startServer("fork-per-client");
  ask(server.port, "4000\n", 4000);
  const { report } = await server.stop();
  assertGreater(report!.pssBytes!, 0);
});

Deno.test("serve prints CPU time and a line a child for people", async () => {
  await using server = new ServeProcess(["prefork-shared-accept", "--children", "3"]);
  const [, port] = (await server.nextLine())!.match(/^ready: .* on 127\.0\.0\.1:(\d+) /)!;
  for (let i = 0; i < 4; i++) ask(Number(port), "4000\n", 4000);
  ask(Number(port), "abc\n", 1);
  server.signal("SIGINT");
  const { code, lines, stderr } = await server.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(lines[0]!, /^CPU time: \d+\.\d{3} s /);
  const rows = lines.slice(2, 5).map((line) => line.match(/^ +(\d) +(\d+) +\d+\.\d{3}/) ?? []);
  assertEquals(rows.map(([, index]) => index), ["0", "1", "2"]);
  assertEquals(rows.reduce((sum, [, , clients]) => sum + Number(clients), 0), 5);
  assertMatch(lines.join("\n"), /1 refused/);
  assertMatch(lines.at(-1)!, /^total +5 +\d+\.\d{3}$/);
});

Deno.test("serve takes a mark for a mark, and no other word", async () => {
  await using server = await startServer("iterative");
  ask(server.port, "abc\n", 1);
  ask(server.port, "1\n", 1);
  await server.tell("remark\nmarked\n  mark");
  assertEquals(await server.next(), { event: "marked" });
  ask(server.port, "1\n", 1);
  const { lines, report } = await server.stop();
  assertEquals(lines.length, 1);
  const { connections, rejected } = report!.children[0]!;
  assertEquals({ connections, rejected }, { connections: 1, rejected: 0 });
});

Deno.test("serve finishes with a client before it stops", async () => {
  await using server = await startServer("iterative");
  const bytes = 16 * 1024 * 1024;
  {
    using connection = new Connection(server.port);
    connection.send(`${bytes}\n`);
    connection.receive(1);
    server.signal("SIGTERM");
    assertNotEquals(await server.processesAfter(0.2), []);
    assertEquals(connection.receive(bytes - 1).length, bytes - 1);
  }
  const { code, lines } = await server.ended();
  assertEquals([code, lines.length], [0, 1]);
});

Deno.test("serve stops although a client stays connected", async () => {
  await using server = await startServer("iterative");
  using connection = new Connection(server.port);
  connection.send("1\n");
  connection.receive(1);
  const { code, report } = await server.stop();
  assertEquals(code, 0);
  assertEquals(report?.children[0]?.connections, 1);
  assertEquals(connection.receive(1).length, 0);
});

const CONNECTIONS = 100;

/** The report of a server of two children that has answered some clients. */
async function loadReport(design: string, ...args: string[]): Promise<Report> {
  await using server = await startServer(design, { args });
  for (let i = 0; i < CONNECTIONS; i++) ask(server.port, "4000\n", 4000);
  return (await server.stop()).report!;
}

for (const making of ["none", "fork", "subprocess", "worker"] as const) {
  const { id } = designs.find(({ children, lifetime }) =>
    children === making && lifetime !== "client"
  )!;
  Deno.test(`serve ${id} --extra-cpu wastes that much CPU on each connection, and reports it`, async () => {
    const [plain, artificial] = [
      await loadReport(id),
      await loadReport(id, "--extra-cpu", "1000000"),
    ];
    assertEquals([plain.extraCpu, artificial.extraCpu], [undefined, 1_000_000]);
    const extra = (artificial.cpu.total - plain.cpu.total) / CONNECTIONS;
    assertGreater(extra, 0.9e-3);
    // Not many times as much; a busy machine adds something of its own to either run.
    assertLess(extra, 3e-3);
  });
}

Deno.test("serve refuses --extra-cpu where another program serves", async () => {
  assertMistake(await serve("slaunch", "--extra-cpu", "1"), "slaunch", "--extra-cpu");
});

Deno.test("serve --extra-cpu says for people that these are not the design's costs", async () => {
  await using server = new ServeProcess(["iterative", "--extra-cpu", "5000"]);
  await server.nextLine();
  server.signal("SIGTERM");
  const { lines } = await server.ended();
  assertMatch(lines[0]!, /^Not the costs of iterative: 5000 ns of CPU were wasted /);
});
