/** Servers made of processes that throw: the message, file and line are known. */
import { assertEquals, assertMatch } from "@std/assert";
import { Connection } from "../testing/client.ts";
import { death, startFaulty } from "../testing/faulty.ts";
import { pause } from "../testing/process.ts";
import { sumOf } from "../testing/server.ts";

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
    let isKnown = false;
    const known = death(server).finally(() => isKnown = true);
    // The parent of a child for one client waits for it when the next client comes.
    for (; !isKnown; await pause()) new Connection(server.port)[Symbol.dispose]();
    const { event, index, reason } = await known;
    assertEquals([event, index], ["lost", 0]);
    assertMatch(reason, EBADF);
    assertEquals(sumOf((await server.stop()).report, "lost"), 1);
  });
}
