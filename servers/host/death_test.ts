/** Host, server process and owner die: nothing of a server stays behind. */
import { assertEquals, assertGreaterOrEqual, assertNotEquals } from "@std/assert";
import { reachableDesigns, requireDesign, usualService } from "../designs.ts";
import { childrenOf, tryReadText } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, Connection } from "../testing/client.ts";
import { isTested } from "../testing/long.ts";
import { poolSize, RunningServer, startServer, sumOf } from "../testing/server.ts";

const CHILDREN = 2;

/** A design for each way in which processes and threads come to be: how children are made, and when. */
const ways = [
  ...Map.groupBy(
    reachableDesigns(false, "http").filter(isTested),
    ({ children, lifetime, isAsync, isHttp }) => `${children} ${lifetime} ${isAsync} ${isHttp}`,
  ).values(),
].map(([design]) => design!);

for (const design of ways) {
  const { id, children, lifetime, isHttp } = design;
  const isThreaded = children === "worker";
  const whose = lifetime === "pool" ? poolSize(design, CHILDREN) : lifetime === "client" ? 1 : 0;
  const fewest = isThreaded ? 1 : 2 + whose;
  const start = () => startServer(id, { children: CHILDREN, service: usualService(design) });

  Deno.test(`${id} leaves nothing behind when its host is killed`, async () => {
    await using server = await start();
    using client = new Connection(server.port);
    client.send(isHttp ? "GET /bytes/1 HTTP/1.0\r\n\r\n" : "1\n");
    assertEquals(client.receive(1).length, 1);
    assertGreaterOrEqual(server.processes().length, fewest);
    server.signal("SIGKILL");
    assertEquals(await server.left(), []);
  });

  if (isThreaded) continue;
  Deno.test(`${id} fails, and leaves nothing behind, when its server process is killed`, async () => {
    await using server = await start();
    kill(childrenOf(server.pid)[0]!, Signal.KILL);
    const { code, failure } = await server.ended();
    assertEquals([code, failure], [3, "the server process was ended by signal 9"]);
    assertEquals(await server.left(), []);
  });
}

/** A shell that starts the server and waits. */
const via = ["/bin/sh", "-c", 'exec 3<&0; "$@" <&3 & wait', "sh"];

Deno.test("a server ends in order when its owner is killed", async () => {
  await using server = new RunningServer("prefork-shared-accept", { via });
  await server.begin({ owner: server.pid });
  await server.waitUntilReady();
  assertNotEquals(server.pid, server.ready.pid);
  ask(server.port, "4000\n", 4000);
  server.signal("SIGKILL");
  const { events, failure } = await server.ended();
  assertEquals([events.at(-1)?.event, failure], ["report", null]);
  assertEquals(await server.left(), []);
});

Deno.test("a server ends at once whose owner is dead already", async () => {
  await using server = new RunningServer("iterative");
  await server.begin({ owner: 1 });
  const { code, stdout } = await server.ended();
  assertEquals({ code, stdout }, { code: 128 + Signal.KILL, stdout: "" });
});

Deno.test("a server ends with a child that was stopped as soon as it was forked", async () => {
  const listing = new URL("../testing/stopped_child_listing.ts", import.meta.url);
  const { listing: own } = requireDesign("prefork-shared-accept");
  listing.search = String(new URLSearchParams({ listing: own }));
  await using server = await startServer("prefork-shared-accept", { listing });
  const isStopped = (pid: number) => tryReadText(`/proc/${pid}/stat`)?.includes(") T ");
  assertEquals(server.processes().filter(({ pid }) => isStopped(pid)).length, 1);
  assertEquals((await server.stop()).code, 0);
  assertEquals(await server.left(), []);
});

Deno.test("a server ends in order at the end of its input", async () => {
  await using server = await startServer("prefork-shared-accept");
  ask(server.port, "4000\n", 4000);
  await server.endInput();
  const { code, failure, report } = await server.ended();
  assertEquals([code, failure, sumOf(report, "connections")], [0, null, 1]);
});
