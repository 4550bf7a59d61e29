/** Whoever dies, and however: nothing of a server stays behind. */
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertMatch,
  assertNotEquals,
} from "@std/assert";
import type { Design } from "../design.ts";
import { streamDesigns } from "../designs.ts";
import { childrenOf } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, Connection, poolSize, ServeProcess, startServer } from "../testing.ts";

const CHILDREN = 2;

/** How long the processes of a server may take to notice that they are to end. */
const NOTICE_SECONDS = 2;

/** Processes of a server with one client. */
function fewestProcesses(design: Design): number {
  const { children, lifetime } = design;
  if (children === "worker") return 1;
  return 2 + (lifetime === "pool" ? poolSize(design, CHILDREN) : lifetime === "client" ? 1 : 0);
}

/** A server tells of a death before it makes the new child, so that one has to be waited for. */
async function firstChildOf(pid: number): Promise<number> {
  for (;;) {
    const [child] = childrenOf(pid);
    if (child !== undefined) return child;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

const SIGSTOP = 19;

const processDesigns = streamDesigns.filter((design) => design.children !== "worker");

for (const design of streamDesigns) {
  Deno.test(`serve ${design.id} leaves nothing behind when its host is killed`, async () => {
    await using server = await startServer(design.id, { children: CHILDREN });
    using client = new Connection(server.port);
    client.send("1\n");
    assertEquals(client.receive(1).length, 1);
    assertGreaterOrEqual((await server.processes()).length, fewestProcesses(design));
    server.signal("SIGKILL");
    assertEquals(await server.processesAfter(NOTICE_SECONDS), []);
  });
}

for (const design of processDesigns) {
  Deno.test(`serve ${design.id} fails when its server process is killed`, async () => {
    await using server = await startServer(design.id, { children: CHILDREN });
    kill(childrenOf(server.pid)[0]!, Signal.KILL);
    assertEquals(await server.processesAfter(NOTICE_SECONDS), []);
    const { code, stderr } = await server.ended();
    assertEquals(code, 3);
    assertMatch(stderr, /^serve: .* the server process was ended by signal 9\n$/);
  });
}

for (const design of processDesigns.filter((design) => design.lifetime === "pool")) {
  Deno.test(`serve ${design.id} replaces children that die`, async () => {
    await using server = await startServer(design.id, { children: CHILDREN });
    const victims = childrenOf(childrenOf(server.pid)[0]!);
    assertEquals(victims.length, poolSize(design, CHILDREN));
    const places: number[] = [];
    for (const pid of victims) {
      await server.mark();
      kill(pid, Signal.KILL);
      const event = await server.next();
      assertEquals(event?.event === "lost" && event.pid, pid);
      places.push((event as { index: number }).index);
      for (let i = 0; i < 3; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    }
    assertEquals(places.toSorted(), [...victims.keys()]);
    // Since the last mark only the last victim died.
    const { code, report } = await server.stop();
    assertEquals(code, 0);
    assertEquals(
      report!.children.map(({ lost }) => lost),
      victims.map((_, i) => +(i === places.at(-1))),
    );
    assertEquals(report!.children.reduce((sum, { connections }) => sum + connections, 0), 3);
    for (const { pid } of report!.children) assert(!victims.includes(pid!));
  });
}

for (const design of processDesigns.filter((design) => design.lifetime === "pool")) {
  Deno.test(`serve ${design.id} replaces a child that dies with its client`, async () => {
    await using server = await startServer(design.id, { children: CHILDREN });
    using client = new Connection(server.port);
    client.send("1\n");
    client.receive(1);
    for (const pid of childrenOf(childrenOf(server.pid)[0]!)) {
      kill(pid, Signal.KILL);
      assertEquals((await server.next())?.event, "lost");
    }
    assertEquals(client.receive(1).length, 0);
    assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    const { code, report } = await server.stop();
    assertEquals(code, 0);
    assertEquals(report!.children.reduce((sum, { connections }) => sum + connections, 0), 2);
  });
}

for (const design of processDesigns.filter((design) => design.passes === "free")) {
  Deno.test(`serve ${design.id} replaces a child that dies before it takes its client`, async () => {
    await using server = await startServer(design.id, { children: CHILDREN });
    const [first] = childrenOf(childrenOf(server.pid)[0]!);
    kill(first!, SIGSTOP);
    using _given = new Connection(server.port);
    // Served by the second child, so by now the first was given its client.
    assertEquals(ask(server.port, "1\n", 1).length, 1);
    kill(first!, Signal.KILL);
    assertEquals((await server.next())?.event, "lost");
    for (let i = 0; i < 3; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    assertEquals((await server.stop()).code, 0);
  });
}

Deno.test("serve gives up a pool whose children die before they serve", async () => {
  await using server = await startServer("prefork-shared-accept", { children: 1 });
  const parent = childrenOf(server.pid)[0]!;
  const events = [];
  while (events.at(-1) !== "crashing") {
    kill(await firstChildOf(parent), Signal.KILL);
    events.push((await server.next())?.event);
  }
  assertEquals(events.length, 10);
  const { code, stderr } = await server.ended();
  assertEquals(code, 3);
  assertMatch(stderr, /10 children in a row died .*\nserve: .* ended with code 1\n$/);
});

/** A shell that starts a server and waits. */
const parent = ["/bin/sh", "-c", '"$@" & wait', "sh"];
const owner = ["/bin/sh", "-c", '"$@" --owner $$ & wait', "sh"];

for (const [name, via] of Object.entries({ parent, owner })) {
  Deno.test(`serve ends in order when its ${name} is killed`, async () => {
    await using server = await startServer("prefork-shared-accept", { via });
    ask(server.port, "4000\n", 4000);
    assertNotEquals(server.pid, server.ready.pid);
    server.signal("SIGKILL");
    assertEquals(await server.processesAfter(NOTICE_SECONDS), []);
    const { lines } = await server.ended();
    assertMatch(lines.at(-1) ?? "", /"event":"report"/);
  });
}

Deno.test("serve ends at once where its owner is dead already", async () => {
  await using server = new ServeProcess(["iterative", "--json", "--owner", "1"]);
  const { code, lines } = await server.ended();
  assertEquals({ code, lines }, { code: 137, lines: [] });
});
