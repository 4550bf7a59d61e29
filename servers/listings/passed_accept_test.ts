/** What only designs do whose parent passes connections to children that are free. */
import { isLong } from "../testing/long.ts";
import { assertEquals } from "@std/assert";
import { designs } from "../designs.ts";
import type { Report } from "../host/account.ts";
import { childrenOf, readText } from "../posix/files.ts";
import { tcpSocketsOn, TcpState } from "../posix/tcp_table.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { ask, Connection } from "../testing/client.ts";
import { eventually } from "../testing/process.ts";
import { type RunningServer, startServer, sumOf } from "../testing/server.ts";

const PREFORK = "prefork-fd-passing";

/** The processes of a server: the one that accepts, and its children in their places. */
function processesOf(server: RunningServer): { parent: number; children: number[] } {
  const parent = childrenOf(server.pid)[0]!;
  return { parent, children: childrenOf(parent) };
}

/**
 * Waits until the server has done all there is to do: its children sleep, and then its parent, whom
 * each of them wakes before it sleeps.
 */
async function untilQuiet(server: RunningServer): Promise<void> {
  const { parent, children } = processesOf(server);
  for (const pid of [...children, parent]) {
    const sleeps = () => /\) S/.test(readText(`/proc/${pid}/stat`)) || undefined;
    await eventually(`process ${pid} asleep`, sleeps);
  }
}

/** A client that is being served. */
function client(server: RunningServer): Connection {
  const connection = new Connection(server.port);
  connection.send("1\n");
  assertEquals(connection.receive(1).length, 1);
  return connection;
}

/** Ends a client, and waits until the child that served it is free. */
async function end(connection: Connection, server: RunningServer): Promise<void> {
  connection.shutDownWrite();
  assertEquals(connection.receive(1).length, 0);
  connection[Symbol.dispose]();
  await untilQuiet(server);
}

/** Clients in the backlog of a listening socket. */
function backlog(port: number): number {
  return tcpSocketsOn(port).find(({ state }) => state === TcpState.listen)!.receiveQueue;
}

/** Ends a server, whose parent has counted as its children have; the counts of each child. */
async function stop(
  server: RunningServer,
): Promise<{ report: Report; connections: number[]; lost: number[] }> {
  const { code, report, stderr } = await server.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const counts = (name: "connections" | "given" | "lost") =>
    report!.children.map((child) => child[name]!);
  assertEquals(counts("given"), counts("connections"));
  return { report: report!, connections: counts("connections"), lost: counts("lost") };
}

// The listing is the same however children are made.
Deno.test("prefork-fd-passing passes a client to the lowest-numbered child that is free", async () => {
  await using server = await startServer(PREFORK, { children: 3 });
  for (let i = 0; i < 5; i++) await end(client(server), server); // all to child 0
  const [first, second] = [client(server), client(server)];
  await end(first, server);
  const third = client(server);
  await end(second, server);
  const [fourth, fifth] = [client(server), client(server)];
  for (const connection of [third, fourth, fifth]) await end(connection, server);
  assertEquals((await stop(server)).connections, [5 + 2, 2, 1]);
});

Deno.test("prefork-fd-passing leaves clients in the backlog while no child is free", async () => {
  await using server = await startServer(PREFORK, { children: 2 });
  const [first, second] = [client(server), client(server)];
  using waiting = new Connection(server.port);
  waiting.send("3\n");
  await untilQuiet(server);
  assertEquals(backlog(server.port), 1);
  await end(second, server);
  assertEquals(waiting.receive(3).length, 3);
  assertEquals(backlog(server.port), 0);
  for (const connection of [waiting, first]) await end(connection, server);
  assertEquals((await stop(server)).connections, [1, 2]);
});

Deno.test("prefork-fd-passing counts as its children do, with more clients than children", async () => {
  await using server = await startServer(PREFORK, { children: 3 });
  for (let round = 0; round < 25; round++) {
    using clients = new DisposableStack();
    const connections = Array.from({ length: 5 }, () => clients.use(new Connection(server.port)));
    for (const connection of connections) {
      connection.send("4000\n");
      connection.shutDownWrite();
    }
    for (const connection of connections) assertEquals(connection.receive(4001).length, 4000);
  }
  assertEquals(sumOf((await stop(server)).report, "connections"), 125);
});

for (
  const { id } of designs.filter(({ passes, children }) =>
    passes === "free" && (isLong || children === "fork")
  )
) {
  Deno.test(`${id} loses no client but that of a child that is killed`, async () => {
    await using server = await startServer(id, { children: 3 });
    const { children: [serving, , idle] } = processesOf(server);
    using doomed = client(server);
    const other = client(server);
    const places: Record<number, number> = { [serving!]: 0, [idle!]: 2 };
    for (const pid of [serving!, idle!]) {
      kill(pid, Signal.KILL);
      assertEquals(await server.next(), {
        event: "lost",
        index: places[pid]!,
        pid,
        reason: "signal 9",
      });
    }
    assertEquals(doomed.receive(1).length, 0);
    other.send("2\n");
    assertEquals(other.receive(2).length, 2);
    await end(other, server);
    for (let i = 0; i < 300; i++) assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    const { report, lost } = await stop(server);
    assertEquals(lost, [1, 0, 1]);
    assertEquals(sumOf(report, "connections"), 302);
  });
}

for (const policy of ["round-robin", "least-connections"] as const) {
  const ignore = !isLong && policy !== "round-robin";
  Deno.test(`${PREFORK} passes clients on by turns: ${policy}`, { ignore }, async () => {
    await using server = await startServer(PREFORK, { children: 3, policy });
    for (let i = 0; i < 6; i++) await end(client(server), server);
    assertEquals((await stop(server)).connections, [2, 2, 2]);
  });
}
