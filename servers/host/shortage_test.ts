/** A shortage of processes or descriptors does not end a server: it waits and tries again, and serves meanwhile. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CLIENT_START_ROOM, START_THREADS } from "../children/worker_room.ts";
import { requireDesign } from "../designs.ts";
import type { Report } from "./account.ts";
import { childrenOf, descriptorsOf, namesIn, readText, writeText } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { isListening, listen } from "../posix/sockets.ts";
import { boundAddress, internetAddress } from "../posix/addresses.ts";
import { closing } from "../testing/fork.ts";
import { cgroupParent, TemporaryCgroup } from "../posix/testing_cgroup.ts";
import { ask, Connection } from "../testing/client.ts";
import { TemporaryFolder } from "../testing/folder.ts";
import { isLong } from "../testing/long.ts";
import { eventually, pause } from "../testing/process.ts";
import { poolSize, RunningServer, startServer, sumOf } from "../testing/server.ts";
import { succeeds } from "../testing/starter.ts";

const [SIGSTOP, SIGCONT] = [19, 18];

const pids = cgroupParent(() => true, { "pids.max": "max" });
const without = "(ignored where no cgroup can limit processes)";

/** A cgroup with a limit of processes and threads. */
class LimitedCgroup extends TemporaryCgroup {
  constructor() {
    super(pids!, { "pids.max": "max" });
  }

  /** Leaves room for so many more; undefined: as many as there may be. */
  leave(room?: number): void {
    const current = Number(readText(`${this.folder}/pids.current`));
    writeText(`${this.folder}/pids.max`, room === undefined ? "max" : String(current + room));
  }
}

/** The process of a server that accepts or waits. */
const parentOf = (server: RunningServer) => childrenOf(server.pid)[0]!;

for (
  const [id, reason] of [
    ["prefork-shared-accept", /fork failed with EAGAIN/],
    ["prethread-shared-accept", /a thread failed to start: .*unavailable/],
  ] as const
) {
  Deno.test({
    name: `${id} that never had processes enough fails with the reason ${without}`,
    ignore: pids === undefined,
    fn: async () => {
      using cgroup = new LimitedCgroup();
      cgroup.leave(14);
      await using server = new RunningServer(id, { children: 40, via: cgroup.via });
      await server.begin();
      const { code, failure } = await server.ended();
      assertMatch(failure!, reason);
      assertEquals(code, 3);
    },
  });
}

/** One pool for each way to replace its children. */
const pools = ["prefork-shared-accept", "prefork-fd-passing", "slaunch"];

for (const id of isLong ? [...pools, "prefork-mutex", "prespawn-fd-passing"] : pools) {
  Deno.test({
    name: `${id} serves on while a child cannot be replaced, and replaces it later ${without}`,
    ignore: pids === undefined,
    fn: async () => {
      using cgroup = new LimitedCgroup();
      await using server = await startServer(id, { children: 2, via: cgroup.via });
      const size = poolSize(requireDesign(id), 2);
      const children = () => childrenOf(parentOf(server));
      const [victim, ...others] = children();
      cgroup.leave(-namesIn(`/proc/${victim}/task`).length);
      kill(victim!, Signal.KILL);
      assertEquals((await server.next())?.event, "lost");
      await pause(50); // it tries to replace the child
      for (let i = 0; others.length > 0 && i < 5; i++) {
        assertEquals(ask(server.port, "1\n", 1).length, 1);
      }
      assertEquals(children(), others);
      cgroup.leave();
      for (let i = 0; i < 5; i++) assertEquals(ask(server.port, "1\n", 1).length, 1);
      await eventually("the new child", () => children().length === size || undefined);
      const { report, code } = await server.stop();
      assertEquals([sumOf(report, "lost"), code], [1, 0]);
      assertShort(report, "EAGAIN");
      assertEquals(sumOf(report, "connections"), others.length > 0 ? 10 : 5);
    },
  });
}

/** The report counts how often the server waited, and says what for. */
function assertShort(report: Report | undefined, errno: string): void {
  const { count, first } = report!.shortages;
  assertEquals([count > 0, first], [true, errno]);
}

/** Sends a request on each connection, one after the other, and closes it once there is the answer. */
function serveAll(clients: readonly Connection[]): void {
  for (const client of clients) {
    using _ = client;
    client.send("1\n");
    assertEquals(client.receive(1).length, 1);
  }
}

Deno.test({
  name: `fork-per-client has clients wait while there are too few processes ${without}`,
  ignore: !isLong || (pids === undefined),
  fn: async () => {
    const count = isLong ? 120 : 8;
    using cgroup = new LimitedCgroup();
    await using server = await startServer("fork-per-client", { via: cgroup.via });
    cgroup.leave(3);
    const clients = Array.from({ length: count }, () => new Connection(server.port));
    await pause(50);
    assert(childrenOf(parentOf(server)).length <= 3);
    serveAll(clients);
    const { report, code } = await server.stop();
    assertEquals([sumOf(report, "connections"), sumOf(report, "lost"), code], [count, 0, 0]);
    assertShort(report, "EAGAIN");
  },
});

for (const room of isLong ? [1, 2, 3] : [1]) {
  Deno.test({
    name:
      `thread-per-client has clients wait while there are too few threads (room for ${room}) ${without}`,
    ignore: pids === undefined,
    fn: async () => {
      using cgroup = new LimitedCgroup();
      // Each Worker has another thread for files: they are in no cache of Deno's.
      using cache = new TemporaryFolder();
      const via = [...cgroup.via, "env", `DENO_DIR=${cache.path}`];
      await using server = await startServer("thread-per-client", { via });
      cgroup.leave(room);
      const clients = Array.from({ length: 6 }, () => new Connection(server.port));
      await pause(500); // threads start for those who say nothing
      if (room < START_THREADS) cgroup.leave();
      serveAll(clients);
      const { report, code } = await server.stop();
      assertEquals([sumOf(report, "connections"), sumOf(report, "lost"), code], [6, 0, 0]);
      assertShort(report, "EAGAIN");
    },
  });
}

Deno.test("thread-per-client has clients wait while there are too few descriptors", async () => {
  const count = isLong ? 200 : 20;
  const via = ["prlimit", "--nofile=105"];
  await using server = await startServer("thread-per-client", { via });
  const clients = Array.from({ length: count }, () => new Connection(server.port));
  const isFull = () => descriptorsOf(server.pid).length > 105 - CLIENT_START_ROOM;
  await eventually("no room for another thread", () => isFull() || undefined);
  await pause(500); // it tries to start one
  serveAll(clients);
  const { report, code } = await server.stop();
  assertEquals([sumOf(report, "connections"), sumOf(report, "lost"), code], [count, 0, 0]);
  assertShort(report, "EMFILE");
});

Deno.test("a pool of threads starts with few descriptors, or says how many it needs", async () => {
  const [children, needed] = isLong ? [30, 410] : [4, 254];
  const start = (limit: number) => ({ children, via: ["prlimit", `--nofile=${limit}`] });
  await using server = await startServer("prethread-main-accept", start(needed));
  assertEquals(ask(server.port, "1\n", 1).length, 1);
  assertEquals((await server.stop()).code, 0);
  await using refused = new RunningServer("prethread-main-accept", start(needed - 1));
  await refused.begin();
  const { code, events } = await refused.ended();
  const message = `Cannot run ${children} threads: that needs ${needed} open files, ` +
    `a process may have ${needed - 1}; write ulimit -n ${needed}`;
  assertEquals([code, events], [4, [{ event: "error", exitCode: 4, message }]]);
});

Deno.test("subprocess-per-client has a client wait while it has no descriptor left", async () => {
  await using server = await startServer("subprocess-per-client");
  const parent = parentOf(server);
  const limit = (count: number) => succeeds("prlimit", `--pid=${parent}`, `--nofile=${count}:`);
  assert(limit(3)); // the standard three
  using client = new Connection(server.port);
  client.send("1\n");
  await pause(50);
  assert(limit(1024));
  assertEquals(client.receive(1).length, 1);
  const { report, code } = await server.stop();
  assertEquals([sumOf(report, "connections"), sumOf(report, "lost"), code], [1, 0, 0]);
  assertShort(report, "EMFILE");
});

for (const room of [1, 2, 3, 4, 6]) {
  Deno.test({
    name:
      `subprocess-per-client loses no client whose program lacks threads at the start (${room}) ${without}`,
    ignore: !isLong || pids === undefined,
    fn: async () => {
      using cgroup = new LimitedCgroup();
      await using server = await startServer("subprocess-per-client", { via: cgroup.via });
      assertEquals(ask(server.port, "1\n", 1).length, 1);
      await eventually("its end", () => childrenOf(parentOf(server)).length === 0 || undefined);
      cgroup.leave(room);
      const clients = [new Connection(server.port), new Connection(server.port)];
      await pause(500);
      cgroup.leave();
      serveAll(clients);
      const { report, code } = await server.stop();
      assertEquals([sumOf(report, "connections"), sumOf(report, "lost"), code], [3, 0, 0]);
    },
  });
}

Deno.test({
  name: `subprocess-per-client fails with the reason where no program ever has threads ${without}`,
  ignore: !isLong || pids === undefined,
  fn: async () => {
    using cgroup = new LimitedCgroup();
    await using server = await startServer("subprocess-per-client", { via: cgroup.via });
    cgroup.leave(1);
    using _ = new Connection(server.port);
    const { code, failure } = await server.ended();
    assertMatch(failure!, /10 children in a row ended before they served: (exit code|signal) \d+/);
    assertEquals(code, 3);
  },
});

/** Without the capabilities that lift the limit of descriptors on their way. */
const withoutPrivilege = ["setpriv", "--bounding-set=-sys_resource,-sys_admin"];

Deno.test({
  name: "slaunch waits while too many descriptors are on their way (ignored without root)",
  ignore: !succeeds(...withoutPrivilege, "true"),
  fn: async () => {
    const via = [...withoutPrivilege, "prlimit", "--nofile=64"];
    await using server = await startServer("slaunch", { via });
    const servers = childrenOf(parentOf(server));
    servers.forEach((pid) => kill(pid, SIGSTOP));
    const clients = Array.from({ length: 100 }, () => new Connection(server.port));
    await pause(50);
    servers.forEach((pid) => kill(pid, SIGCONT));
    serveAll(clients);
    const { report, code } = await server.stop();
    assertEquals([sumOf(report, "connections"), code], [100, 0]);
    assertShort(report, "ETOOMANYREFS");
  },
});

/** Destroys the listening socket at a port, by the kernel (ss(8), CONFIG_INET_DIAG_DESTROY). */
function destroyListener(port: number): boolean {
  return succeeds("ss", "-K", "-tln", "sport", "=", `:${port}`);
}

const canDestroy = (() => {
  const listener = listen(internetAddress("127.0.0.1", 0), "try ss(8)");
  using _ = closing(listener);
  return destroyListener(boundAddress(listener).port) && !isListening(listener);
})();

for (const id of ["prefork-shared-accept", "prethread-mutex", "thread-per-client", "io-uring"]) {
  Deno.test({
    name: `${id} fails when its listening socket is destroyed (ignored where ss cannot do that)`,
    ignore: !canDestroy,
    fn: async () => {
      await using server = await startServer(id, { children: 2 });
      assertEquals(ask(server.port, "1\n", 1).length, 1);
      assert(destroyListener(server.port));
      const { code, failure } = await server.ended();
      assertEquals([code, failure?.includes("accept failed with EINVAL")], [3, true]);
    },
  });
}
