/** What only designs do that serve by io_uring. */
import { assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { SystemError } from "../posix/errors.ts";
import { read } from "../posix/io.ts";
import { Ring } from "../posix/io_uring.ts";
import { tryIoUring } from "../posix/io_uring_memory.ts";
import { childrenOf, readText } from "../posix/files.ts";
import { descriptorLimit } from "../posix/processes.ts";
import { shutDown } from "../posix/sockets.ts";
import { cancelOperations } from "../posix/testing_io_uring.ts";
import type { Counter } from "../sessions.ts";
import { BytesSession, REQUEST_LIMIT } from "../service/bytes.ts";
import { Backlog } from "../testing/backlog.ts";
import { ask, Connection, freePath } from "../testing/client.ts";
import { inChild } from "../testing/fork.ts";
import { isLong } from "../testing/long.ts";
import { RunningServer, startServer, sumOf } from "../testing/server.ts";
import { serveAll } from "./io_uring.ts";

const ignore = tryIoUring() !== 0;

/** Serves in this thread until no client is left; the counts. */
function serveUntilIdle(
  listener: number,
  opened: (count: number) => void = () => {},
  isReplacement = false,
) {
  const counts = { opened: 0, closed: 0, rejected: 0, requests: 0 };
  const counter: Counter = {
    open: () => opened(++counts.opened),
    close(rejected, requests) {
      counts.closed++;
      counts.rejected += Number(rejected);
      counts.requests += requests;
    },
  };
  const start = () => new BytesSession();
  const sessions = { start, counter, times: undefined, endsIdle: true, limitMs: 0 };
  const serve = () => serveAll(listener, sessions, isReplacement);
  assertThrows(serve, SystemError, "accept failed with EINVAL");
  return counts;
}

/** The length of what a client gets until the server closes; −1: it was reset. */
function received(client: number): number {
  const bytes = new Uint8Array(100);
  let length = 0;
  for (let count = 1; count > 0; length += count) count = read(client, bytes);
  return length;
}

Deno.test({
  name: "io-uring serves all of more clients than its ring has room for results",
  ignore: ignore || descriptorLimit() < 3000,
  fn() {
    using clients = new Backlog();
    const count = 1200;
    const all = Array.from({ length: count }, () => clients.addLast());
    const served = { opened: count, closed: count, rejected: 0, requests: count };
    assertEquals(serveUntilIdle(clients.listener), served);
    assertEquals(all.map(received), all.map(() => 5));
  },
});

Deno.test({
  name: "io-uring accepts again after its accept was cancelled",
  ignore,
  fn() {
    using clients = new Backlog();
    const all = [clients.addLast()];
    const counts = serveUntilIdle(clients.listener, (opened) => {
      if (opened > 1) return;
      cancelOperations(clients.listener);
      all.push(clients.addLast());
    });
    assertEquals(counts, { opened: 2, closed: 2, rejected: 0, requests: 2 });
    assertEquals(all.map(received), [5, 5]);
  },
});

Deno.test({
  name: "io-uring serves a client whose wake-up the ring of a dead process has taken",
  ignore,
  fn() {
    // In a process of its own: it would wait forever.
    const { code } = inChild(() => {
      using clients = new Backlog();
      // It has waited for longer, and takes no result: so is a ring that the kernel has not taken down yet.
      const dead = new Ring({ operations: 8, buffers: 8, bufferBytes: 8 });
      dead.timeout(1);
      dead.accept(clients.listener);
      dead.wait();
      const first = clients.add();
      const counts = serveUntilIdle(clients.listener, (opened) => {
        if (opened === 1) clients.addLast();
        else clients.reset(first);
      }, true);
      return counts.closed;
    });
    assertEquals(code, 2);
  },
});

Deno.test({
  name: "io-uring serves its clients to their end when its socket does not listen any more",
  ignore,
  fn() {
    using clients = new Backlog();
    const client = clients.addLast();
    const counts = serveUntilIdle(clients.listener, () => shutDown(clients.listener));
    assertEquals(counts, { opened: 1, closed: 1, rejected: 0, requests: 1 });
    assertEquals(received(client), 5);
  },
});

Deno.test({
  name: "io-uring counts clients that reset their connection, and serves the others",
  ignore,
  fn() {
    using clients = new Backlog();
    // Before it is accepted, and while a reply is on its way that no buffer holds.
    clients.reset(clients.add());
    const reading = clients.add(`${REQUEST_LIMIT}\n`);
    const counts = serveUntilIdle(clients.listener, (opened) => {
      if (opened === 2) clients.addLast();
      if (opened === 3) clients.reset(reading);
    });
    assertEquals([counts.opened, counts.closed, counts.rejected], [3, 3, 0]);
  },
});

Deno.test({
  name: "io-uring serves on while it has no descriptor left, and then the clients that waited",
  ignore,
  async fn() {
    await using server = await startServer("io-uring", { via: ["prlimit", "--nofile=64"] });
    const clients = Array.from({ length: 100 }, () => new Connection(server.port));
    for (const client of clients) {
      using _ = client;
      client.send("1\n");
      assertEquals(client.receive(1).length, 1);
    }
    const { report, code } = await server.stop();
    assertEquals([sumOf(report, "connections"), sumOf(report, "rejected"), code], [100, 0, 0]);
    const { count, first } = report!.shortages;
    assertEquals([count > 0, first], [true, "EMFILE"]);
  },
});

Deno.test("a server that needs io_uring says so where it is forbidden", async () => {
  const preload = import.meta.resolve("../posix/testing_no_io_uring.ts");
  // In front of the arguments that bench gives to `deno run`.
  const script = 'preload=$1 deno=$2; shift 3; exec "$deno" run "--preload=$preload" "$@"';
  const via = ["/bin/sh", "-c", script, "sh", preload];
  await using server = new RunningServer("io-uring", { via });
  await server.begin();
  const { code, events: [event, ...more] } = await server.ended();
  assertEquals([code, event?.event, more], [4, "error", []]);
  const { message } = event as { message: string };
  assertMatch(message, /^Cannot use io_uring, as io-uring does: io_uring_setup failed with EPERM/);
});

Deno.test({
  name: "io-uring serves 10,000 open connections at once (a long test)",
  ignore: ignore || !isLong || descriptorLimit() < 10_200,
  async fn() {
    await using server = await startServer("io-uring");
    const clients = Array.from({ length: 10_000 }, () => new Connection(server.port));
    // Each once while all are open, backwards, and some of them twice.
    for (const client of [...clients.toReversed(), ...clients.slice(0, 1000)]) {
      client.send("4000\n");
      assertEquals(client.receive(4000).length, 4000);
    }
    for (const client of clients) client[Symbol.dispose]();
    const { report, code } = await server.stop();
    assertEquals([sumOf(report, "connections"), sumOf(report, "requests"), code], [
      10_000,
      11_000,
      0,
    ]);
  },
});

Deno.test({
  name: "io-uring has the same memory after 100,000 connections more (a long test)",
  ignore: ignore || !isLong,
  async fn() {
    const path = freePath(); // no ports
    await using server = await startServer("io-uring", { path });
    const [pid] = childrenOf(server.pid);
    const anonymous = () =>
      Number(readText(`/proc/${pid}/smaps_rollup`).match(/^Anonymous: +(\d+) kB/m)?.[1]);
    const serve = (count: number) => {
      for (let i = 0; i < count; i++) assertEquals(ask(path, "5\n", 5).length, 5);
      return anonymous();
    };
    const before = serve(20_000);
    assertLess(serve(100_000) - before, 100);
  },
});
