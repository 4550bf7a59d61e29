/** What only designs do whose children have listening sockets of their own. */
import { assert, assertEquals } from "@std/assert";
import { childrenOf, isStopped } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { tcpSocketsOn, TcpState } from "../posix/tcp_table.ts";
import { Connection } from "../testing/client.ts";
import { isLong } from "../testing/long.ts";
import { eventually } from "../testing/process.ts";
import { startServer, sumOf } from "../testing/server.ts";

const SIGSTOP = 19;
const CLIENTS = 8;

/** The clients in the queues of all sockets that listen on a port. */
function queued(port: number): number {
  return tcpSocketsOn(port).filter(({ state }) => state === TcpState.listen)
    .reduce((sum, { receiveQueue }) => sum + receiveQueue, 0);
}

/** Whether a client gets its five bytes; that of a child that died gets a reset. */
function isServed(connection: Connection): boolean {
  try {
    return connection.receive(5).length === 5;
  } catch {
    return false;
  }
}

Deno.test("a child of prefork-reuseport that dies leaves its queue to the next one", async () => {
  await using server = await startServer("prefork-reuseport", { children: 2 });
  const children = childrenOf(childrenOf(server.pid)[0]!);
  for (const pid of children) kill(pid, SIGSTOP);
  await eventually("stopped children", () => children.every(isStopped) || undefined);
  using clients = new DisposableStack();
  const connections = Array.from(
    { length: CLIENTS },
    () => clients.use(new Connection(server.port)),
  );
  for (const connection of connections) {
    connection.send("5\n");
    connection.shutDownWrite();
  }
  // Each child may have been in accept, which takes one more, that dies with it.
  const waiting = await eventually("clients in queues", () => queued(server.port) || undefined);
  assert(waiting >= CLIENTS - children.length, `${waiting} clients wait`);
  for (const pid of children) {
    kill(pid, Signal.KILL);
    assertEquals((await server.next())?.event, "lost");
  }
  const served = connections.filter(isServed).length;
  assert(served >= waiting, `${served} of ${waiting} that waited were served`);
  const { code, report } = await server.stop();
  assertEquals([code, sumOf(report, "connections")], [0, served]);
});

Deno.test("prefork-reuseport steers by what it is given", { ignore: !isLong }, async () => {
  await using server = await startServer("prefork-reuseport", { children: 20, steer: "cpu" });
  for (let i = 0; i < 20; i++) {
    using connection = new Connection(server.port);
    connection.send("1\n");
    assertEquals(connection.receive(1).length, 1);
  }
  const { report } = await server.stop();
  const busy = report!.children.filter(({ connections }) => connections! > 0);
  // By a hash, each of 20 has one; no machine of fewer processors has that many busy ones.
  assert(busy.length <= Math.min(19, navigator.hardwareConcurrency), `${busy.length} were busy`);
});
