/** Servers made of processes that throw: the message, file and line are known. */
import { isLong } from "../testing/long.ts";
import { assertEquals, assertMatch } from "@std/assert";
import { childrenOf } from "../posix/files.ts";
import { ask, Connection } from "../testing/client.ts";
import { death, startFaulty } from "../testing/faulty.ts";
import { eventually } from "../testing/process.ts";
import { startServer, sumOf } from "../testing/server.ts";

const ORDERED = /thrown as ordered \(parent\) \(servers\/testing\/faulty_listing\.ts:\d+\)$/;
const EBADF = /EBADF \(Bad file descriptor\) \(servers\/service\/[a-z]+\.ts:\d+\)$/;

Deno.test("a server process that throws says what and where", async () => {
  await using faulty = await startFaulty("fork-per-client", 1);
  const { server } = faulty;
  faulty.order("parent");
  using _client = new Connection(server.port);
  const { code, failure, stderr } = await server.ended();
  assertEquals(code, 3);
  assertMatch(failure!, /^the server process failed: /);
  assertMatch(failure!, ORDERED);
  assertMatch(stderr.trimEnd(), ORDERED);
});

for (const design of ["prefork-mutex", "prespawn-shared-accept", "fork-per-client"]) {
  Deno.test(`a child of ${design} that throws says what and where`, async () => {
    await using faulty = await startFaulty(design, 1);
    const { server } = faulty;
    faulty.order("serve");
    using client = new Connection(server.port);
    assertEquals(client.receive(1).length, 0);
    const { event, index, reason } = await death(server);
    assertEquals([event, index], ["lost", 0]);
    assertMatch(reason, EBADF);
    assertEquals(sumOf((await server.stop()).report, "lost"), 1);
  });
}

Deno.test({
  name: "fork-per-client starts with a listing that always throws, and says so of every client",
  ignore: !isLong,
  fn: async () => {
    await using faulty = await startFaulty("fork-per-client", 1, "serve!");
    using _client = new Connection(faulty.server.port);
    const { event, reason } = await death(faulty.server);
    assertEquals(event, "lost");
    assertMatch(reason, EBADF);
  },
});

Deno.test({
  name: "fork-per-client collects its children when no other client comes",
  ignore: !isLong,
  fn: async () => {
    await using server = await startServer("fork-per-client");
    const [parent] = childrenOf(server.pid);
    for (let i = 0; i < 3; i++) ask(server.port, "1\n", 1);
    await eventually("no zombies", () => childrenOf(parent!).length === 0 || undefined);
  },
});
