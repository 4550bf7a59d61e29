/** Pools of processes whose children are killed, be it one that holds the accept lock. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { designs } from "../designs.ts";
import { childrenOf } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, poolSize, RunningServer, type ServeEvent, startServer } from "../testing.ts";

const CHILDREN = 4;

/** How long the processes of a server may take to notice that they are to end. */
const NOTICE_SECONDS = 2;

/** The longest a test waits for a new child. */
const PATIENCE_MS = 5000;

const pools = designs.filter(({ lifetime, children }) =>
  lifetime === "pool" && children !== "worker"
);

/** Children of a server, in the order in which they were made. */
function childrenOfServer(server: RunningServer): number[] {
  const [process] = childrenOf(server.pid);
  return process === undefined ? [] : childrenOf(process);
}

/** The child made last, once all places are taken: a death is told before another takes the place. */
async function newest(
  server: RunningServer,
  size: number,
  dead: ReadonlySet<number>,
): Promise<number> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    const living = childrenOfServer(server).filter((pid) => !dead.has(pid));
    if (living.length === size) return living.at(-1)!;
    await new Promise((resolve) => setTimeout(resolve));
  }
  throw new Error("Cannot wait any longer for a new child");
}

for (const design of pools) {
  const { id } = design;
  // One after the other, so that where there is a lock one of them has held it.
  Deno.test(`serve ${id} goes on when each of its children is killed in turn`, async () => {
    await using server = await startServer(id, { children: CHILDREN });
    const victims = childrenOfServer(server);
    assertEquals(victims.length, poolSize(design, CHILDREN));
    for (const [index, pid] of victims.entries()) {
      kill(pid, Signal.KILL);
      assertEquals(await server.next(), { event: "lost", index, pid });
    }
    for (let i = 0; i < 50; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    const { code, report, stderr } = await server.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(report!.children.map(({ lost }) => lost), victims.map(() => 1));
    assertEquals(report!.children.reduce((sum, { connections }) => sum + connections, 0), 50);
    for (const { pid } of report!.children) assert(!victims.includes(pid!));
  });
}

for (const id of ["prespawn-shared-accept", "prespawn-fd-passing"]) {
  Deno.test(`serve ${id} replaces a child that is killed before it is ready`, async () => {
    await using server = new RunningServer([id, "--json", "--children=2"]);
    const pid = await newest(server, 2, new Set());
    kill(pid, Signal.KILL);
    assertEquals(await server.next(), { event: "lost", index: 1, pid });
    await server.waitUntilReady();
    for (let i = 0; i < 10; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    const { report } = await server.stop();
    assertEquals(report!.children.reduce((sum, { connections }) => sum + connections, 0), 10);
  });
}

for (const design of pools) {
  const { id } = design;
  Deno.test(`serve ${id} gives up and says so when its children die as soon as they live`, async () => {
    await using server = await startServer(id, { children: CHILDREN });
    const size = poolSize(design, CHILDREN);
    const dead = new Set<number>();
    let event: ServeEvent | undefined;
    for (let deaths = 0; deaths < 50 && event?.event !== "crashing"; deaths++) {
      const pid = await newest(server, size, dead);
      dead.add(pid);
      kill(pid, Signal.KILL);
      event = await server.next();
      assert(event?.event === "lost" || event?.event === "crashing");
      assertEquals(event.pid, pid);
      // Each time it is the one that took the place of the one before.
      assertEquals(event.index, size - 1);
    }
    assertEquals(event?.event, "crashing");
    const { code, lines, stderr } = await server.ended();
    assertEquals(code, 3);
    assertMatch(stderr, /^herd\[\d+\]: \d+ children .* died .*\nserve: .* ended with code 1\n$/);
    const [report] = lines.map((line): ServeEvent => JSON.parse(line));
    assert(report?.event === "report");
    assertEquals(report.children.map(({ lost }) => lost), [...Array(size - 1).fill(0), dead.size]);
    assertEquals(await server.processesAfter(NOTICE_SECONDS), []);
  });
}
