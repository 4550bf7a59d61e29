/** What only designs do whose processes serve many clients at once. */
import { assert, assertEquals } from "@std/assert";
import { load } from "../../bench/api.ts";
import { servesMany, streamDesigns } from "../designs.ts";
import { proportionalMemory } from "../posix/files.ts";
import { descriptorLimit } from "../posix/processes.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { ask, Connection } from "../testing/client.ts";
import { isLong, isTested } from "../testing/long.ts";
import { startServer, sumOf } from "../testing/server.ts";

/** What slaunch does with such clients has tests of its own. */
const tested = streamDesigns.filter(servesMany).filter(isTested).filter(({ id }) =>
  id !== "slaunch"
);

const RESETS = 100;

for (const { id } of tested) {
  Deno.test(`${id}: neither resets, half a request nor a reply nobody fetches hold up others`, async () => {
    await using server = await startServer(id, { children: 1 });
    for (let i = 0; i < RESETS; i++) {
      using gone = new Connection(server.port); // maybe before it is accepted
      gone.resetOnClose();
    }
    using half = new Connection(server.port);
    half.send("40");
    using unread = new Connection(server.port);
    unread.send(`${REQUEST_LIMIT}\n`);
    for (let i = 0; i < 3; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    half.send("00\n");
    assertEquals(half.receive(4000).length, 4000);
    assertEquals(unread.receive(REQUEST_LIMIT).length, REQUEST_LIMIT);
  });
}

const [OWN_DESCRIPTORS, LIMIT, CLIENTS] = [64, 128, 150];

for (const id of ["event-poll", "event-epoll", "deno-listen"]) {
  Deno.test(`${id} leaves clients in the backlog at its limit of descriptors`, {
    ignore: id !== "event-epoll" && !isLong,
  }, async () => {
    const via = ["/bin/sh", "-c", `ulimit -n ${LIMIT}; exec "$@"`, "sh"];
    await using server = await startServer(id, { via });
    const all = Array.from({ length: CLIENTS }, () => new Connection(server.port));
    for (const client of all) client.send("1\n");
    // Each client that disconnects frees a descriptor for the next.
    for (const [i, client] of all.entries()) {
      if (i >= LIMIT - OWN_DESCRIPTORS) all[i - LIMIT + OWN_DESCRIPTORS]![Symbol.dispose]();
      assertEquals(client.receive(1).length, 1, `client ${i}`);
    }
    for (const client of all.slice(OWN_DESCRIPTORS - LIMIT)) client[Symbol.dispose]();
    const { code, report } = await server.stop();
    assertEquals([code, sumOf(report, "connections")], [0, CLIENTS]);
  });
}

const OPEN = 10_000;
const NOTHING = { nanoseconds: 0, distribution: "fixed" } as const;

// The memory of deno-listen is for V8's collector to decide.
for (const { id } of tested.filter(({ polls }) => polls !== undefined)) {
  Deno.test({
    name: `${id} has ${OPEN} connections open at once, and no more memory for more of them`,
    ignore: !isLong || descriptorLimit() < OPEN + 200,
    async fn() {
      // At that rate they are there after two seconds, while each waits for its reply.
      const wait = { nanoseconds: 3e9, distribution: "fixed" } as const;
      const serviceTime = { work: NOTHING, wait, seed: 0 };
      await using server = await startServer(id, { children: 1, serviceTime });
      const memory = async () => {
        const { errors, openLoop } = await load({
          port: server.port,
          clients: OPEN,
          connections: 2,
          rate: 5000,
        });
        assertEquals([errors, openLoop!.mostOpen], [{}, OPEN]);
        const pids = server.processes().map(({ pid }) => pid).filter((pid) => pid !== server.pid);
        return pids.reduce((sum, pid) => sum + proportionalMemory(pid)!, 0);
      };
      const first = await memory();
      const second = await memory();
      assert(second < 1.2 * first, `${first} bytes, then ${second}`);
      const { code, report } = await server.stop();
      assertEquals([code, sumOf(report, "connections")], [0, 4 * OPEN]);
    },
  });
}
