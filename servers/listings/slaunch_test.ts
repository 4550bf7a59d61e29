/** What only a launcher does, which deals connections round. */
import { assertEquals, assertGreater, assertLessOrEqual, assertMatch } from "@std/assert";
import type { Launch } from "../children/launch.ts";
import type { Children, Member, ParentContext } from "../design.ts";
import { pipe, Poller, receiveDescriptor } from "../posix/descriptors.ts";
import { childrenOf, descriptorsOf, readText } from "../posix/files.ts";
import { fork } from "../posix/fork.ts";
import { affinity, kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { listen, socketPair } from "../posix/sockets.ts";
import { boundAddress, internetAddress } from "../posix/addresses.ts";
import { close, read, write } from "../posix/io.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { ask, Connection } from "../testing/client.ts";
import { closing, waitFor } from "../testing/fork.ts";
import { isLong } from "../testing/long.ts";
import { pause } from "../testing/process.ts";
import { RunningServer, startServer } from "../testing/server.ts";
import { parent } from "./slaunch.ts";

const CPUS = affinity();
const SIGSTOP = 19;
const SIGCONT = 18;

/** Clients that are connected at the same time; in the long tests 1000. */
const REQUESTERS = isLong ? 1000 : 200;

const IDLE_SECONDS = 0.3;

/** More than there is room for in the queue of a socket. */
const FLOOD = 800;

/** Place in the pool of the server that gets the nth connection, from 0: the index moves on before. */
const placeOf = (n: number) => (n + 1) % CPUS.length;

const launch = (launch: Partial<Launch> = {}) => startServer("slaunch", { launch });

/** The processes of a server: its launcher, and its sservers in the order of their processors. */
function processesOf(server: RunningServer): { launcher: number; sservers: number[] } {
  const launcher = childrenOf(server.pid)[0]!;
  return { launcher, sservers: childrenOf(launcher) };
}

/** The processor that a process ran on last: field 39 of its line in /proc (proc_pid_stat(5)). */
function processorOf(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[39 - 3]);
}

/** Clients that stay connected until the end of the block that uses them. */
class Clients implements Disposable {
  readonly #stack = new DisposableStack();
  readonly all: Connection[] = [];

  constructor(readonly port: number) {}

  /** One more, which asks for so many bytes. */
  add(bytes: number): Connection {
    const client = this.#stack.use(new Connection(this.port));
    client.send(`${bytes}\n`);
    this.all.push(client);
    return client;
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** Ends a server; the counts of its children. */
async function countsOf(
  server: RunningServer,
): Promise<Record<"connections" | "given" | "lost", number[]>> {
  const { code, report, stderr } = await server.stop();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const counts = (name: "connections" | "given" | "lost") =>
    report!.children.map((child) => child[name]);
  return { connections: counts("connections"), given: counts("given"), lost: counts("lost") };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

Deno.test("slaunch passes the first connection to the second processor, then goes round", async () => {
  await using server = await launch();
  const served = CPUS.map(() => 0);
  for (let n = 0; n < CPUS.length + 1; n++) {
    assertEquals(ask(server.port, "4000\n", 4000).length, 4000);
    served[placeOf(n)]!++;
  }
  assertEquals((await countsOf(server)).connections, served);
});

Deno.test("slaunch deals evenly to within one, however long each takes", async () => {
  await using server = await launch();
  using held = new Clients(server.port);
  for (let n = 0; n < 101; n++) {
    // Every other one stays, and those that stay have all the same servers where there are two.
    if (n % 2 === 0) assertEquals(held.add(1).receive(1).length, 1);
    else ask(server.port, "1\n", 1);
  }
  const { connections, given } = await countsOf(server);
  assertEquals(sum(connections), 101);
  assertLessOrEqual(Math.max(...connections) - Math.min(...connections), 1);
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
  for (let n = 0; n < 200; n++) {
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

Deno.test("slaunch: the launcher's descriptors do not grow", async () => {
  await using server = await launch();
  const { launcher, sservers: [first] } = processesOf(server);
  const before = descriptorsOf(launcher).length;
  using held = new Clients(server.port);
  for (let n = 0; n < 100; n++) assertEquals(held.add(1).receive(1).length, 1);
  kill(first!, Signal.KILL);
  assertEquals((await server.next())?.event, "lost");
  for (let n = 0; n < 100; n++) ask(server.port, "1\n", 1);
  assertEquals(descriptorsOf(launcher).length, before);
});

Deno.test("slaunch starts a server that was idle again when its turn comes", async () => {
  await using server = await launch({ idleSeconds: IDLE_SECONDS });
  const { launcher, sservers } = processesOf(server);
  const descriptors = descriptorsOf(launcher).length;
  const ended = [];
  for (const _ of CPUS) ended.push(await server.next());
  assertEquals(
    ended.map((event) => event?.event === "ended" && event.pid).toSorted(),
    sservers.toSorted(),
  );
  assertEquals(childrenOf(launcher), []);
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

Deno.test("slaunch: a server that is killed loses its own clients and nobody else's", async () => {
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
});

Deno.test("slaunch passes over a server whose queue is full, until it goes on", async () => {
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
});

Deno.test("slaunch holds hundreds of requesters open at once", async () => {
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
  lastWords(): string {
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
    launcher.lastWords(),
    /^Cannot pass descriptor \d+ over .*: sendmsg failed with ENOTSOCK \(.+\)$/,
  );
});

Deno.test("a server of slaunch says so where there are no Unix sockets", async () => {
  const preload = new URL("../posix/testing_no_socket_pairs.ts", import.meta.url).pathname;
  // In front of the arguments that bench gives to `deno run`.
  const script = `deno=$1; shift 2; exec "$deno" run --preload=${preload} "$@"`;
  await using server = new RunningServer("slaunch", { via: ["/bin/sh", "-c", script, "sh"] });
  await server.begin();
  const { code, events: [event, ...more] } = await server.ended();
  assertEquals([code, event?.event, more], [4, "error", []]);
  const { message } = event as { message: string };
  assertMatch(message, /^Cannot pass connections, .* Unix sockets: .*EAFNOSUPPORT/);
});
