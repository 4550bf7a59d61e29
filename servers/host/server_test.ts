/** The server program: when its port opens, where it runs, and what it reports of itself. */
import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { designs, streamDesigns } from "../designs.ts";
import { monotonicNanoseconds } from "../posix/clocks.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { readText } from "../posix/files.ts";
import { NO_SERVICE_TIME } from "../service/request_times.ts";
import { affinity } from "../posix/processes.ts";
import { ask, freePort } from "../testing/client.ts";
import { isLong } from "../testing/long.ts";
import { pause } from "../testing/process.ts";
import { RunningServer, startServer, sumOf } from "../testing/server.ts";

/** One design for each way to make children. */
const ways = (["none", "fork", "subprocess", "worker"] as const).map((making) =>
  designs.find(({ children, lifetime }) => children === making && lifetime !== "client")!.id
);

for (const id of ways) {
  Deno.test(`${id} opens its port when it is ready, and misses nobody who comes at once`, async () => {
    const port = freePort();
    await using server = new RunningServer(id, { port });
    await server.begin();
    let refused = 0;
    for (; refused < 10_000; refused++) {
      try {
        assertEquals(ask(port, "4000\n", 4000).length, 4000);
        break;
      } catch (error) {
        assert(hasErrno(error, Errno.ECONNREFUSED), String(error));
        await pause();
      }
    }
    assertGreater(refused, 0);
    await server.waitUntilReady();
    assertEquals(server.port, port);
    assertEquals(sumOf((await server.stop()).report, "connections"), 1);
  });
}

Deno.test("a server refuses a port that another one takes at the same time", async () => {
  const port = freePort();
  await using stack = new AsyncDisposableStack();
  const servers = [1, 2].map(() => stack.use(new RunningServer("prethread-mutex", { port })));
  const first = await Promise.all(servers.map(async (server) => {
    await server.begin();
    return await server.next();
  }));
  const [error, ready] = first.toSorted((a, b) => a!.event < b!.event ? -1 : 1);
  assertEquals(ready?.event, "ready");
  const message = `Cannot listen on 127.0.0.1:${port}: the port is in use`;
  assertEquals(error, { event: "error", exitCode: 2, message, option: "port" });
});

Deno.test("fork-per-client reports its memory although nobody has waited for its last child", async () => {
  await using server = await startServer("fork-per-client");
  ask(server.port, "4000\n", 4000);
  assertGreater((await server.stop()).report!.pssBytes!, 0);
});

const CONNECTIONS = 50;
const WORK = { nanoseconds: 1_000_000, distribution: "fixed" } as const;

for (const id of ways) {
  Deno.test(`${id} works for each request as long as it is to`, async () => {
    await using server = await startServer(id, { serviceTime: { ...NO_SERVICE_TIME, work: WORK } });
    for (let i = 0; i < CONNECTIONS; i++) ask(server.port, "4000\n", 4000);
    const { report } = await server.stop();
    assertGreater(report!.cpu.total, 0.95 * CONNECTIONS * WORK.nanoseconds / 1e9);
  });
}

for (const { id } of streamDesigns) {
  Deno.test({
    name: `${id} waits for each request as long as it is to, and none is lost`,
    ignore: !isLong,
    fn: async () => {
      const wait = { nanoseconds: 30_000_000, distribution: "fixed" } as const;
      await using server = await startServer(id, { serviceTime: { ...NO_SERVICE_TIME, wait } });
      const start = monotonicNanoseconds();
      // Two requests of one connection that arrive together, and one of another.
      assertEquals(ask(server.port, "4000\n3\n", 4003).length, 4003);
      assertEquals(ask(server.port, "5\n", 5).length, 5);
      assertGreater(monotonicNanoseconds() - start, 3 * wait.nanoseconds);
      const { report } = await server.stop();
      assertEquals([sumOf(report, "connections"), sumOf(report, "requests")], [2, 3]);
    },
  });
}

/** The process session of a process (proc_pid_stat(5)). */
function sessionOf(pid: number): number {
  return Number(readText(`/proc/${pid}/stat`).split(") ")[1]!.split(" ")[3]);
}

Deno.test("a server runs where it is placed: in a session of its own, on some processors", async () => {
  const processors = affinity().slice(-1);
  await using server = new RunningServer("iterative");
  await server.begin({ session: "own", processors });
  await server.waitUntilReady();
  assertEquals(sessionOf(server.pid), server.pid);
  assertNotEquals(sessionOf(Deno.pid), server.pid);
  const allowed = new RegExp(`\nCpus_allowed_list:\t${processors}\n`);
  for (const { pid } of server.processes()) assert(allowed.test(readText(`/proc/${pid}/status`)));
});
