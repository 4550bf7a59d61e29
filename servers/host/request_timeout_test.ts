/** Clients that stand still: one with half a request, one that does not read its reply. */
import { assertEquals } from "@std/assert";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { childrenOf } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, Connection, freePath } from "../testing/client.ts";
import { isLong } from "../testing/long.ts";
import { startServer, sumOf } from "../testing/server.ts";

const TIMEOUT_SECONDS = 0.1;

/** One design for each place in which a client is served, and a Unix socket; then others, which differ less. */
const servings = [
  ["prefork-fd-passing", freePath()],
  ["fork-per-client", null],
  ["thread-per-client", null],
  ["prethread-main-accept", null],
  ["iterative", null],
  ["prefork-shared-accept", null],
  ["prespawn-shared-accept", null],
  ["prethread-mutex", null],
] as const;

for (const [design, path] of isLong ? servings : servings.slice(0, 3)) {
  const where = path === null ? "" : " at a path";
  Deno.test(`${design}${where} gives a child back whose client stands still, and counts that`, async () => {
    await using server = await startServer(design, {
      children: 2,
      path,
      requestTimeoutSeconds: TIMEOUT_SECONDS,
    });
    using half = new Connection(server.place);
    half.send("40");
    using unread = new Connection(server.place);
    unread.send(`${REQUEST_LIMIT}\n`);
    assertEquals(ask(server.place, "4000\n", 4000).length, 4000);
    assertEquals(half.receive(1).length, 0);
    const { code, stderr, report } = await server.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals([sumOf(report, "connections"), sumOf(report, "rejected")], [3, 2]);
  });
}

for (const design of ["prefork-mutex", ...(isLong ? ["prefork-file-lock"] : [])]) {
  Deno.test(`${design} names a child that is stopped while it holds the lock`, async () => {
    await using server = await startServer(design, { children: 2 });
    const [parent] = childrenOf(server.pid);
    const children = childrenOf(parent!);
    // One of them waits in accept and holds the lock.
    for (const pid of children) kill(pid, Signal.STOP);
    const event = await server.next();
    assertEquals(event?.event, "stopped");
    const { index, pid } = event as { index: number; pid: number };
    assertEquals(children[index], pid);
    for (const pid of children) kill(pid, Signal.CONT);
    assertEquals(ask(server.port, "5\n", 5).length, 5);
    assertEquals((await server.stop()).code, 0);
  });
}
