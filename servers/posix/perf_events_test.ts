/** Who serves a connection, as the kernel tells it: by the ends of connections, and by who holds their sockets. */
import { assert, assertEquals } from "@std/assert";
import { Connection } from "../testing/client.ts";
import { closing, forkReady } from "../testing/fork.ts";
import { boundAddress, internetAddress } from "./addresses.ts";
import { ProcessSockets } from "./process_sockets.ts";
import { PeerInodes, tcpConnections } from "./inet_diagnostics.ts";
import { close, read } from "./io.ts";
import { watchEnds, watchRefusal } from "./perf_events.ts";
import { getpid, kill, wait } from "./processes.ts";
import { Signal } from "./signals.ts";
import { accept, connect, listen, streamSocket } from "./sockets.ts";

/** Two children that accept from one listener, read a byte of each connection, and close it. */
function startChildren(): { port: number; pids: number[] } & Disposable {
  const address = internetAddress("127.0.0.1", 0);
  const listener = listen(address, "test");
  const { port } = boundAddress(listener);
  const pids = [1, 2].map(() =>
    forkReady((ready) => {
      ready();
      for (const byte = new Uint8Array(1);;) {
        const connection = accept(listener);
        read(connection, byte);
        close(connection);
      }
    })
  );
  close(listener);
  const end = () => pids.forEach((pid) => (kill(pid, Signal.KILL), wait(pid)));
  return { port, pids, [Symbol.dispose]: end };
}

const refusal = watchRefusal();

Deno.test({
  name: `watchEnds() counts the connections that each process has served${
    refusal === undefined ? "" : ` (refused: ${refusal})`
  }`,
  ignore: refusal !== undefined,
  fn: () => {
    using server = startChildren();
    using other = startChildren();
    using ends = watchEnds([server.port]);
    for (let i = 0; i < 40; i++) {
      for (const { port } of [server, other]) {
        using connection = new Connection(port);
        connection.send("x");
        assertEquals(connection.receive(1).length, 0);
      }
    }
    ends.look();
    const served = server.pids.map((pid) => ends.byProcess.get(pid) ?? 0);
    assertEquals([served[0]! + served[1]!, ends.byProcess.size, ends.lost], [40, 2, 0]);
    assert(served.every((count) => count > 0), `${served}`);
  },
});

Deno.test("PeerInodes and ProcessSockets find the process at the other end of a connection", () => {
  using server = startChildren();
  using peers = new PeerInodes();
  const address = internetAddress("127.0.0.1", server.port);
  const sockets = [1, 2].map(() => {
    const socket = streamSocket(address);
    connect(socket, address);
    return socket;
  });
  using _ = closing(...sockets);
  const owners = sockets.map((socket) => {
    let inode: number | undefined;
    while ((inode = peers.of(socket)) === undefined); // until it is accepted
    assert(tcpConnections(server.port).includes(inode));
    return ProcessSockets.below(getpid()).of(inode);
  });
  // Each child waits for a byte of the one that it has.
  assertEquals(owners.map((one) => one.length), [1, 1]);
  assertEquals(new Set(owners.flat()), new Set(server.pids));
});
