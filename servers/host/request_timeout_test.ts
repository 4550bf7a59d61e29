/** Clients that stand still: one with half a request, one that does not read its reply. */
import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { sleep } from "../posix/clocks.ts";
import { SystemError } from "../posix/errors.ts";
import { childrenOf, tryReadText } from "../posix/files.ts";
import { affinity, kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, Connection, freePath } from "../testing/client.ts";
import { isLong } from "../testing/long.ts";
import { eventually } from "../testing/process.ts";
import { startServer, sumOf } from "../testing/server.ts";

const TIMEOUT_SECONDS = 0.1;

/** One design for each place in which a client is served, and a Unix socket; then others, which differ less. */
const servings = [
  ["prefork-fd-passing", freePath()],
  ["fork-per-client", null],
  ["thread-per-client", null],
  ["io-uring", null],
  ["slaunch", null],
  ["prethread-main-accept", null],
  ["iterative", null],
  ["prefork-shared-accept", null],
  ["prespawn-shared-accept", null],
  ["prethread-mutex", null],
  ["event-poll", null],
  ["event-epoll", freePath()],
] as const;

for (const [design, path] of isLong ? servings : servings.slice(0, 5)) {
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

Deno.test(
  "slaunch closes so many clients who trickle that no descriptor is left, and serves the next",
  { ignore: !isLong },
  async () => {
    const via = ["prlimit", "--nofile=100"];
    const launch = { processors: affinity().slice(0, 1) };
    await using server = await startServer("slaunch", { requestTimeoutSeconds: 1, launch, via });
    using slow = new DisposableStack();
    // A server leaves 64 descriptors to the rest of its process.
    const all = Array.from({ length: 40 }, () => slow.use(new Connection(server.place)));
    for (const client of all) client.send("4");
    assertEquals(ask(server.place, "4000\n", 4000).length, 4000);
    for (const client of all) assertEquals(client.receive(1).length, 0);
    const { report } = await server.stop();
    assertEquals([sumOf(report, "connections"), sumOf(report, "rejected")], [41, 40]);
  },
);

/** What a client sends first, then byte by byte, so often that no single wait is long. */
const requests = {
  "a line": ["bytes", "", "1"],
  "a header of HTTP": ["http", "GET /bytes/1 HTTP/1.1\r\nX: ", "a"],
} as const;

for (const [what, [service, start, byte]] of Object.entries(requests)) {
  Deno.test(`a client that trickles ${what} is stopped at the request timeout`, async () => {
    const requestTimeoutSeconds = 2 * TIMEOUT_SECONDS;
    await using server = await startServer("iterative", { service, requestTimeoutSeconds });
    using client = new Connection(server.place);
    client.send(start + byte);
    let sent = 1;
    const trickle = () => {
      // The eighth digit is the last that a line may have.
      for (; sent < 8; sent++) {
        sleep(60);
        client.send(byte);
      }
    };
    assertThrows(trickle, SystemError); // nobody reads it any more
    const { report } = await server.stop();
    assertEquals([sumOf(report, "connections"), sumOf(report, "rejected")], [1, 1]);
  });
}

Deno.test("a client that reads little by little is stopped at the request timeout", async () => {
  const requestTimeoutSeconds = 2 * TIMEOUT_SECONDS;
  await using server = await startServer("iterative", { requestTimeoutSeconds });
  using client = new Connection(server.place);
  client.send(`${REQUEST_LIMIT}\n`);
  let received = 0;
  for (let i = 0; i < 40; i++, sleep(10)) received += client.receive(65536).length;
  received += client.receive(REQUEST_LIMIT - received).length;
  assertLess(received, REQUEST_LIMIT);
  const { report } = await server.stop();
  assertEquals([sumOf(report, "connections"), sumOf(report, "rejected")], [1, 1]);
});

/** Whether a process waits in accept4, by its number on x86-64 or arm64. */
function isAccepting(pid: number): boolean {
  return /^(288|242) /.test(tryReadText(`/proc/${pid}/syscall`) ?? "");
}

for (const design of ["prefork-mutex", ...(isLong ? ["prefork-file-lock"] : [])]) {
  Deno.test(`${design} names a child that is stopped while it holds the lock`, async () => {
    await using server = await startServer(design, { children: 2 });
    const [parent] = childrenOf(server.pid);
    const children = childrenOf(parent!);
    // One of them waits in accept and holds the lock, soon after the port is open.
    await eventually("a child to accept", () => children.find(isAccepting));
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
