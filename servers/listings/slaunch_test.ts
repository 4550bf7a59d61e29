/** What only a launcher does, which deals connections round. */
import { assertEquals, assertLessOrEqual, assertMatch } from "@std/assert";
import { childrenOf, descriptorsOf, readText } from "../posix/files.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { ask, Connection } from "../testing/client.ts";
import { isLong } from "../testing/long.ts";
import { eventually, pause } from "../testing/process.ts";
import {
  Clients,
  countsOf,
  CPUS,
  launch,
  placeOf,
  processesOf,
  processorOf,
  sum,
} from "./testing_slaunch.ts";

/** Clients that are connected at the same time; in the long tests 1000. */
const REQUESTERS = isLong ? 1000 : 200;

/** Longer than it takes to start all servers on a busy machine. */
const IDLE_SECONDS = 1;

Deno.test("slaunch deals connections round, from the second processor on, however long each takes", async () => {
  await using server = await launch();
  using held = new Clients(server.port);
  const served = CPUS.map(() => 0);
  for (let n = 0; n < 101; n++) {
    // Every other one stays, and those that stay have all the same servers where there are two.
    if (n % 2 === 0) assertEquals(held.add(1).receive(1).length, 1);
    else ask(server.port, "1\n", 1);
    served[placeOf(n)]!++;
  }
  const { connections, given } = await countsOf(server);
  assertEquals(connections, served);
  assertEquals(given, connections);
});

Deno.test("slaunch runs sserver, a program of its own, confined to each processor", async () => {
  await using server = await launch();
  const { launcher, sservers } = processesOf(server);
  assertEquals(sservers.length, CPUS.length);
  for (const [i, pid] of sservers.entries()) {
    assertMatch(readText(`/proc/${pid}/cmdline`), /\/servers\/sserver\/sserver\.ts\0/);
    assertMatch(readText(`/proc/${pid}/status`), new RegExp(`\nCpus_allowed_list:\t${CPUS[i]}\n`));
  }
  assertEquals(readText(`/proc/${launcher}/cmdline`).includes("sserver"), false);
  for (let n = 0; n < 50; n++) {
    ask(server.port, "4000\n", 4000);
    assertEquals(sservers.map(processorOf), CPUS);
  }
});

Deno.test("slaunch --cpus has a server on each processor of the mask, and on no other", async () => {
  const cpu = CPUS.at(-1)!;
  await using server = await launch({ processors: [cpu] });
  for (let n = 0; n < 5; n++) ask(server.port, "1\n", 1);
  assertEquals(processesOf(server).sservers.map(processorOf), [cpu]);
  assertEquals((await countsOf(server)).connections, [5]);
});

Deno.test(
  "slaunch starts a server that was idle again when its turn comes",
  { ignore: !isLong },
  async () => {
    await using server = await launch({ idleSeconds: IDLE_SECONDS });
    const { launcher } = processesOf(server);
    const descriptors = descriptorsOf(launcher).length;
    // On a busy machine one may be idle for so long before another has started.
    await eventually(
      "the end of idle servers",
      () => childrenOf(launcher).length === 0 || undefined,
    );
    using clients = new Clients(server.port);
    for (let n = 0; n < CPUS.length; n++) {
      assertEquals(clients.add(1).receive(1).length, 1);
      assertEquals(childrenOf(launcher).map(processorOf).at(-1), CPUS[placeOf(n)]);
      assertEquals(childrenOf(launcher).length, n + 1);
    }
    assertEquals(descriptorsOf(launcher).length, descriptors);

    // One with a client is not idle.
    await pause(2000 * IDLE_SECONDS);
    for (const client of clients.all) {
      client.send("2\n");
      assertEquals(client.receive(2).length, 2);
    }
    const { connections, lost } = await countsOf(server);
    assertEquals([connections, lost], [CPUS.map(() => 1), CPUS.map(() => 0)]);
  },
);

Deno.test({
  name: "slaunch holds hundreds of requesters open at once",
  ignore: !isLong,
  fn: async () => {
    await using server = await launch();
    using clients = new Clients(server.port);
    for (let n = 0; n < REQUESTERS; n++) assertEquals(clients.add(1).receive(1).length, 1);
    for (const bytes of [2, 5000]) {
      for (const client of clients.all) client.send(`${bytes}\n`);
      for (const client of clients.all) assertEquals(client.receive(bytes).length, bytes);
    }
    const { connections } = await countsOf(server);
    assertEquals(sum(connections), REQUESTERS);
    assertLessOrEqual(Math.max(...connections) - Math.min(...connections), 1);
  },
});

Deno.test("slaunch: neither half a request nor a reply nobody fetches holds up others", async () => {
  await using server = await launch();
  using clients = new Clients(server.port);
  const half = CPUS.map(() => new Connection(server.port));
  using _half = new DisposableStack();
  for (const client of half) _half.use(client).send("40");
  for (const _ of CPUS) assertEquals(clients.add(REQUEST_LIMIT).receive(1).length, 1);
  for (let n = 0; n < 20; n++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
  for (const client of half) {
    client.send("00\n");
    assertEquals(client.receive(4000).length, 4000);
  }
  for (const client of clients.all) {
    assertEquals(client.receive(REQUEST_LIMIT - 1).length, REQUEST_LIMIT - 1);
  }
});

Deno.test("slaunch --echo sends each line back, with its newline and a NUL", async () => {
  await using server = await launch({ echo: true });
  const text = (bytes: Uint8Array<ArrayBuffer>) => new TextDecoder().decode(bytes);
  assertEquals(text(ask(server.port, "hello\n", 7)), "hello\n\0");
  using connection = new Connection(server.port);
  connection.send("one\ntwo\nthr");
  assertEquals(text(connection.receive(10)), "one\n\0two\n\0");
  connection.send("ee\n");
  assertEquals(text(connection.receive(7)), "three\n\0");
});
