/** Pools that lose many children: all at once, or two hundred of them under a load. Every connection is accounted for. */
import { assert, assertEquals } from "@std/assert";
import { startLoad } from "../../bench/agents/load.ts";
import { lostOf } from "../../bench/commands/soak.ts";
import type { Design } from "../design.ts";
import { streamDesigns } from "../designs.ts";
import { childrenOf, hasExited, tryReadText } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, Connection, holdEveryChild } from "../testing/client.ts";
import { death, startFaulty } from "../testing/faulty.ts";
import { isLong } from "../testing/long.ts";
import { eventually } from "../testing/process.ts";
import { poolSize, type RunningServer, startServer, sumOf } from "../testing/server.ts";

const CHILDREN = 3;
const CLIENTS = 4;
const DEATHS = 200;

const pools = streamDesigns.filter(({ lifetime }) => lifetime === "pool");
const processPools = pools.filter(({ children }) => children !== "worker");
const threadPools = pools.filter(({ children }) => children === "worker");

/** One pool for each way to make its children, but for Deno subprocesses, which take long to start. */
const ways = [...Map.groupBy(processPools, ({ children }) => children).values()]
  .map(([pool]) => pool!).filter(({ children }) => children !== "subprocess");

/** The children of a server that live. */
function livingChildren({ pid }: RunningServer): number[] {
  return childrenOf(pid).flatMap(childrenOf).filter((pid) => !hasExited(pid));
}

/** Whether a process is dead with all its threads, and has no descriptor any more. */
function isGone(pid: number): boolean {
  const status = tryReadText(`/proc/${pid}/status`);
  return status === undefined || /^State:\s[ZX]/m.test(status) && /^Threads:\s1$/m.test(status);
}

/** Asks for a reply so many times, one after the other. */
function askTimes(server: RunningServer, times: number): void {
  for (let i = 0; i < times; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
}

for (const design of isLong ? processPools : ways) {
  const { id } = design;
  Deno.test(`${id} replaces all its children, killed at once, and keeps their counts`, async () => {
    await using server = await startServer(id, { children: CHILDREN });
    askTimes(server, 10);
    const victims = livingChildren(server);
    const size = poolSize(design, CHILDREN);
    assertEquals(victims.length, size);
    for (const pid of victims) kill(pid, Signal.KILL);
    // Until it is dead, a child may still take a client with it.
    await eventually("the deaths", () => victims.every(isGone) || undefined);
    askTimes(server, 5);
    const dead = [];
    for (const _ of victims) dead.push(await death(server));
    assertEquals(dead.map(({ pid }) => pid).toSorted(), victims.toSorted());
    assertEquals(new Set(dead.map(({ event }) => event)), new Set(["lost"]));
    const { code, failure, report } = await server.stop();
    assertEquals({ code, failure }, { code: 0, failure: null });
    assertEquals(report!.children.map(({ lost }) => lost), Array(size).fill(1));
    assertEquals(sumOf(report, "connections"), 15);
    for (const { pid } of report!.children) assert(!victims.includes(pid!));
  });
}

for (const { id } of isLong ? threadPools : threadPools.slice(0, 1)) {
  Deno.test(`${id} replaces all its threads, which throw at once, and keeps their counts`, async () => {
    await using faulty = await startFaulty(id, CHILDREN);
    const { server } = faulty;
    askTimes(server, 10);
    faulty.order("serve!");
    {
      using clients = new DisposableStack();
      for (let i = 0; i < CHILDREN; i++) clients.use(new Connection(server.port));
      for (let i = 0; i < CHILDREN; i++) assertEquals((await death(server)).event, "lost");
    }
    faulty.order("nowhere");
    askTimes(server, 5);
    const { failure, report } = await server.stop();
    assertEquals([failure, sumOf(report, "lost")], [null, CHILDREN]);
    assertEquals(sumOf(report, "connections"), 15 + CHILDREN);
  });
}

/** What clients of a load got. */
interface Got {
  connections: number;
  readonly errors: Record<string, number>;
}

/** Has children die one after another under a load, and counts every connection. */
async function dieOften(
  design: Design,
  server: RunningServer,
  dieOnce: (got: Got) => Promise<void>,
): Promise<void> {
  const got: Got = { connections: 0, errors: {} };
  for (let deaths = 0; deaths < DEATHS;) deaths += await loadOnce(server, DEATHS - deaths);
  const { failure, report } = await server.stop();
  assertEquals([failure, sumOf(report, "lost")], [null, DEATHS]);
  assertEquals(lostOf(design, got, report!.children, DEATHS), 0, JSON.stringify(got.errors));

  /** Runs a load for some seconds; returns how many children died meanwhile, of so many that are to die. */
  async function loadOnce({ port }: RunningServer, most: number): Promise<number> {
    const options = { port, clients: CLIENTS, connections: null, limitSeconds: 4 };
    await using load = startLoad({ ...options, thinkMilliseconds: 1 });
    await load.next("ready");
    await load.send({ request: "go" });
    let isOver = false;
    const over = load.next("report").finally(() => isOver = true);
    let deaths = 0;
    for (; deaths < most && !isOver; deaths++) {
      const death = dieOnce(got);
      await Promise.race([death, over]);
      // A thread throws when a client comes, and the load may be over before.
      using _last = isOver ? new Connection(port) : undefined;
      await death;
    }
    const { report } = await over;
    got.connections += report.connections;
    for (const [kind, count] of Object.entries(report.errors)) {
      got.errors[kind] = (got.errors[kind] ?? 0) + count;
    }
    return deaths;
  }
}

for (const design of processPools) {
  Deno.test({
    name: `${design.id} loses only connections in flight to children killed two hundred times`,
    ignore: !isLong,
    fn: async () => {
      const size = poolSize(design, CHILDREN);
      await using server = await startServer(design.id, { children: CHILDREN });
      await dieOften(design, server, async (got) => {
        // All places are taken again: no more than one child is dead at a time.
        const living = await eventually("a whole pool", () => {
          const living = livingChildren(server);
          return living.length === size ? living : undefined;
        });
        // Somebody is served between two deaths: this is no crash loop.
        askTimes(server, 1);
        got.connections++;
        kill(living[Math.floor(size * Math.random())]!, Signal.KILL);
        assertEquals((await death(server)).event, "lost");
      });
      assertEquals(await server.left(), []);
    },
  });
}

// With a queue each, held clients could not tell whether all threads live.
for (const design of threadPools.filter(({ isSharded }) => !isSharded)) {
  Deno.test({
    name: `${design.id} loses only connections in flight to threads that throw two hundred times`,
    ignore: !isLong,
    fn: async () => {
      await using faulty = await startFaulty(design.id, CHILDREN);
      const { server } = faulty;
      await dieOften(design, server, async (got) => {
        // No new thread warms up any more, which would take the order.
        holdEveryChild(server.port, CHILDREN);
        got.connections += CHILDREN;
        faulty.order("serve");
        assertEquals((await death(server)).event, "lost");
      });
    },
  });
}
