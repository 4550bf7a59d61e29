/** Pools of processes whose children die, be it one that holds the accept lock. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { designs } from "../designs.ts";
import { childrenOf } from "../posix/files.ts";
import { kill, waitForExit } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, Connection } from "../testing/client.ts";
import { isLong, isTested } from "../testing/long.ts";
import { eventually, PATIENCE_SECONDS } from "../testing/process.ts";
import { poolSize, RunningServer, startServer, sumOf } from "../testing/server.ts";

const CHILDREN = 3;

const SIGSTOP = 19;

const pools = designs.filter(({ lifetime, children }) =>
  lifetime === "pool" && children !== "worker"
);

/** Pools of Deno subprocesses hold the locks of forked ones: those are for the long tests. */
const tested = pools.filter(isTested).filter(({ id, children }) =>
  isLong || children !== "subprocess" || id === "prespawn-shared-accept"
);

/** One pool for each way to make its children. */
const ways = [...Map.groupBy(pools, ({ children }) => children).values()].map(([pool]) => pool!);

/** Children of a server, in the order in which they were made. */
function childrenOfServer(server: RunningServer): number[] {
  const [process] = childrenOf(server.pid);
  return process === undefined ? [] : childrenOf(process);
}

/** The child made last, once all places are taken: a death is reported before another takes the place. */
function newest(server: RunningServer, size: number, dead: ReadonlySet<number>): Promise<number> {
  return eventually("the newest child", () => {
    const living = childrenOfServer(server).filter((pid) => !dead.has(pid));
    return living.length === size ? living.at(-1) : undefined;
  });
}

/** Kills a child; the report of that is as expected. */
async function killChild(server: RunningServer, pid: number, index: number): Promise<void> {
  kill(pid, Signal.KILL);
  assertEquals(await server.next(), { event: "lost", index, pid, reason: "signal 9" });
}

for (const design of tested) {
  const { id } = design;
  Deno.test(`${id} replaces each child that dies, with the client it has, and goes on`, async () => {
    await using server = await startServer(id, { children: CHILDREN });
    const victims = childrenOfServer(server);
    assertEquals(victims.length, poolSize(design, CHILDREN));
    using client = new Connection(server.port);
    client.send("1\n");
    assertEquals(client.receive(1).length, 1);
    // One after the other, so that where there is a lock one of them has held it.
    for (const [index, pid] of victims.entries()) await killChild(server, pid, index);
    assertEquals(client.receive(1).length, 0);
    for (let i = 0; i < 30; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);

    // What died before the mark does not count after it.
    await server.mark();
    const last = await newest(server, victims.length, new Set(victims));
    await killChild(server, last, victims.length - 1);
    for (let i = 0; i < 5; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    const { code, failure, report, stderr } = await server.stop();
    assertEquals({ code, failure, stderr }, { code: 0, failure: null, stderr: "" });
    assertEquals(
      report!.children.map(({ lost }) => lost),
      victims.map((_, i) => +(i === victims.length - 1)),
    );
    assertEquals(sumOf(report, "connections"), 5);
    for (const { pid } of report!.children) assert(!victims.includes(pid!) && pid !== last);
  });
}

for (const { id } of tested.filter(({ passes }) => passes === "free")) {
  Deno.test(`${id} replaces a child that dies before it takes its client`, async () => {
    await using server = await startServer(id, { children: 2 });
    const [first] = childrenOfServer(server);
    kill(first!, SIGSTOP);
    using _given = new Connection(server.port);
    // Served by the second child, so by now the first was given its client.
    assertEquals(ask(server.port, "1\n", 1).length, 1);
    await killChild(server, first!, 0);
    for (let i = 0; i < 3; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    assertEquals((await server.stop()).code, 0);
  });
}

Deno.test("a child of prefork-fd-passing that is replaced does not inherit the client that waits for it", async () => {
  await using server = await startServer("prefork-fd-passing", { children: 1 });
  const [process] = childrenOf(server.pid);
  const [child] = childrenOfServer(server);
  kill(process!, SIGSTOP);
  kill(child!, Signal.KILL);
  waitForExit(child!, 1000 * PATIENCE_SECONDS); // or the client may still be passed to it
  // The parent finds the client first, then that the child is dead, and passes the client to the next one.
  using client = new Connection(server.port);
  kill(process!, Signal.CONT);
  assertEquals((await server.next())?.event, "lost");
  client.send("no number\n");
  assertEquals(client.receive(1).length, 0); // closed: nobody else holds the connection
  assertEquals((await server.stop()).code, 0);
});

Deno.test("ten children killed from outside do not end a pool that serves others", async () => {
  await using server = await startServer("prefork-fd-passing", { children: 2 });
  const dead = new Set<number>();
  for (let i = 0; i < 10; i++) {
    const pid = await newest(server, 2, dead);
    dead.add(pid);
    await killChild(server, pid, 1);
    assertEquals(ask(server.port, "1\n", 1).length, 1); // by the other
  }
  assertEquals((await server.stop()).code, 0);
});

Deno.test({
  name: "prespawn-fd-passing replaces a child that is killed before it is ready",
  ignore: !isLong,
  fn: async () => {
    await using server = new RunningServer("prespawn-fd-passing", { children: 2 });
    await server.begin();
    await killChild(server, await newest(server, 2, new Set()), 1);
    await server.waitUntilReady();
    for (let i = 0; i < 10; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    assertEquals(sumOf((await server.stop()).report, "connections"), 10);
  },
});

for (const design of ways) {
  const { id } = design;
  Deno.test(`${id} gives up and says so when its children die as soon as they live`, async () => {
    await using server = await startServer(id, { children: CHILDREN });
    const size = poolSize(design, CHILDREN);
    const dead = new Set<number>();
    for (let isCrashing = false; !isCrashing;) {
      const pid = await newest(server, size, dead);
      dead.add(pid);
      kill(pid, Signal.KILL);
      const event = await server.next();
      isCrashing = event?.event === "crashing";
      // Each time it is the one that took the place of the one before.
      const kind = isCrashing ? "crashing" : "lost";
      assertEquals(event, { event: kind, index: size - 1, pid, reason: "signal 9" });
      assert(dead.size < 50);
    }
    const { code, failure, report, stderr } = await server.ended();
    assertEquals(code, 3);
    assertMatch(failure!, /^the server process failed: 10 children in a row died .*: signal 9$/);
    assertMatch(stderr, /^herd\[\d+\]: \d+ children .* died .*\n$/);
    const lost = report!.children.map(({ lost }) => lost);
    assertEquals(lost, [...Array(size - 1).fill(0), dead.size]);
    assertEquals(await server.left(), []);
  });
}
