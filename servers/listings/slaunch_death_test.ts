/** slaunch where a server is killed or full, and where nothing can be passed. */
import { isLong } from "../testing/long.ts";
import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import type { Children, Member, ParentContext } from "../design.ts";
import { boundAddress, internetAddress } from "../posix/addresses.ts";
import { pipe, Poller, receiveDescriptor } from "../posix/descriptors.ts";
import { descriptorsOf } from "../posix/files.ts";
import { fork } from "../posix/fork.ts";
import { close, read, write } from "../posix/io.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { listen, socketPair } from "../posix/sockets.ts";
import { ask, Connection } from "../testing/client.ts";
import { closing, waitFor } from "../testing/fork.ts";
import { eventually } from "../testing/process.ts";
import { RunningServer } from "../testing/server.ts";
import { parent } from "./slaunch.ts";
import { Clients, countsOf, CPUS, launch, placeOf, processesOf, sum } from "./testing_slaunch.ts";

const SIGSTOP = 19;
const SIGCONT = 18;

/** More than there is room for in the queue of a socket. */
const FLOOD = 800;

Deno.test("slaunch: the launcher's descriptors do not grow", async () => {
  await using server = await launch();
  const { launcher, sservers: [first] } = processesOf(server);
  const before = descriptorsOf(launcher).length;
  using held = new Clients(server.port);
  for (let n = 0; n < 100; n++) assertEquals(held.add(1).receive(1).length, 1);
  kill(first!, Signal.KILL);
  assertEquals((await server.next())?.event, "lost");
  for (let n = 0; n < 100; n++) ask(server.port, "1\n", 1);
  // The copy of the last client's is closed once that has been passed.
  await eventually("as many", () => descriptorsOf(launcher).length === before || undefined);
});

Deno.test("slaunch: who is on the way to a server that is killed reaches the next one", async () => {
  await using server = await launch();
  const stopped = processesOf(server).sservers[placeOf(0)]!;
  kill(stopped, SIGSTOP);
  using clients = new Clients(server.port);
  for (let n = 0; n < 10 * CPUS.length; n++) clients.add(1);
  kill(stopped, Signal.KILL);
  assertEquals((await server.next())?.event, "lost");
  for (const client of clients.all) assertEquals(client.receive(1).length, 1);
  const { connections, lost } = await countsOf(server);
  assertEquals(connections, CPUS.map(() => 10));
  assertEquals(lost, CPUS.map((_, place) => +(place === placeOf(0))));
});

Deno.test({
  name: "slaunch: a server that is killed loses its own clients and nobody else's",
  ignore: !isLong,
  fn: async () => {
    await using server = await launch();
    const victim = processesOf(server).sservers[placeOf(0)]!;
    using clients = new Clients(server.port);
    const bytes = 4_000_000;
    // All are in mid-reply.
    for (let n = 0; n < 10 * CPUS.length; n++) {
      assertEquals(clients.add(bytes).receive(1).length, 1);
    }
    kill(victim, Signal.KILL);
    assertEquals((await server.next())?.event, "lost");
    using later = new Clients(server.port);
    for (let n = 0; n < 10 * CPUS.length; n++) later.add(bytes);
    for (const [n, client] of clients.all.entries()) {
      const isVictims = placeOf(n) === placeOf(0);
      assertEquals(client.receive(bytes - 1).length === bytes - 1, !isVictims, `client ${n}`);
    }
    for (const client of later.all) assertEquals(client.receive(bytes).length, bytes);
    assertEquals(sum((await countsOf(server)).connections), 20 * CPUS.length);
  },
});

Deno.test({
  name: "slaunch passes over a server whose queue is full, until it goes on",
  ignore: !isLong,
  fn: async () => {
    await using server = await launch();
    const stopped = processesOf(server).sservers[placeOf(0)]!;
    kill(stopped, SIGSTOP);
    using clients = new Clients(server.port);
    for (let n = 0; n < FLOOD; n++) clients.add(1);
    // The last ones are served although it was their turn, too. Where it is the only server they wait.
    const served = CPUS.length > 1 ? clients.all.slice(-2) : [];
    for (const client of served) assertEquals(client.receive(1).length, 1);
    kill(stopped, SIGCONT);
    for (const client of clients.all) client.send("2\n");
    for (const client of clients.all) {
      const bytes = served.includes(client) ? 2 : 3;
      assertEquals(client.receive(bytes).length, bytes);
    }
    const { connections } = await countsOf(server);
    assertEquals(sum(connections), FLOOD);
    assertGreater(connections[placeOf(0)]!, 100);
  },
});

/** A launcher on its own, in a child, with a pool that somebody else has made; its last words. */
class Launcher implements Disposable {
  readonly #listener = listen(internetAddress("127.0.0.1", 0), "listen for a launcher");
  readonly #words = pipe();
  readonly #pid: number;
  readonly #clients = new DisposableStack();

  constructor(pool: readonly Pick<Member, "processor" | "socket">[]) {
    const members = pool.map((member, index) => ({
      index,
      pid: 1,
      busy: false,
      count: 0,
      ...member,
    }));
    const children = { fill: () => members, collect: () => [] } as unknown as Children;
    this.#pid = fork(() => {
      try {
        parent({ listener: this.#listener, children } as ParentContext);
      } catch (error) {
        const message = new TextEncoder().encode((error as Error).message);
        write(this.#words[1], message, message.length);
      }
    });
  }

  /** Connects a client. */
  connect(): void {
    this.#clients.use(new Connection(boundAddress(this.#listener).port));
  }

  /** What it says when it fails. */
  failureMessage(): string {
    const bytes = new Uint8Array(200);
    return new TextDecoder().decode(bytes.subarray(0, read(this.#words[0], bytes)));
  }

  [Symbol.dispose](): void {
    kill(this.#pid, Signal.KILL);
    waitFor(this.#pid);
    this.#clients.dispose();
    closing(this.#listener, ...this.#words)[Symbol.dispose]();
  }
}

Deno.test("slaunch asks the mask: processors that are not in it have no turn", () => {
  const pairs = Array.from({ length: 3 }, socketPair);
  using _ = closing(...pairs.flat());
  const poller = new Poller(pairs.map(([, servers]) => servers));
  using launcher = new Launcher(
    [0, 2, 5].map((processor, i) => ({ processor, socket: pairs[i]![0] })),
  );
  const turns = Array.from({ length: 7 }, () => {
    launcher.connect();
    poller.wait();
    const turn = pairs.findIndex((_, i) => poller.isReady(i));
    close(receiveDescriptor(pairs[turn]![1]));
    return turn;
  });
  // The index starts at 0 and moves on before it is used: to 1, which is not there, and on to 2.
  assertEquals(turns, [1, 2, 0, 1, 2, 0, 1]);
});

Deno.test("a sendmsg of slaunch that fails names the error", () => {
  const [noSocket, other] = pipe();
  using _ = closing(noSocket, other);
  using launcher = new Launcher([{ processor: 0, socket: noSocket }]);
  launcher.connect();
  assertMatch(
    launcher.failureMessage(),
    /^Cannot pass descriptor \d+ over .*: sendmsg failed with ENOTSOCK \(.+\)$/,
  );
});

Deno.test("a server of slaunch says so where there are no Unix sockets", async () => {
  const preload = import.meta.resolve("../posix/testing_no_socket_pairs.ts");
  // In front of the arguments that bench gives to `deno run`.
  const script = 'preload=$1 deno=$2; shift 3; exec "$deno" run "--preload=$preload" "$@"';
  const via = ["/bin/sh", "-c", script, "sh", preload];
  await using server = new RunningServer("slaunch", { via });
  await server.begin();
  const { code, events: [event, ...more] } = await server.ended();
  assertEquals([code, event?.event, more], [4, "error", []]);
  const { message } = event as { message: string };
  assertMatch(message, /^Cannot pass connections, .* Unix sockets: .*EAFNOSUPPORT/);
});
