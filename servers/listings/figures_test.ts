/** The book's figures of who holds which descriptor, seen in /proc while a server runs. */
import { isLong } from "../testing/long.ts";
import { assert, assertEquals } from "@std/assert";
import { designs } from "../designs.ts";
import {
  type Holders,
  holdersOf,
  listenerOn,
  processesOf,
  streamPipes,
} from "../../bench/machine/holders.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { Connection } from "../testing/client.ts";
import { type RunningServer, startServer } from "../testing/server.ts";

const CHILDREN = 3;

/** Which processes of a server, its host included, hold which socket. */
function findHolders(server: RunningServer): Holders {
  return holdersOf(server.processes().map(({ pid }) => pid));
}

/** The processes that hold a socket. */
function pidsOf(inode: number, holders: Holders): number[] {
  return ascending(new Set(holders.get(inode)?.map(({ pid }) => pid)));
}

function ascending(numbers: Iterable<number>): number[] {
  return [...numbers].toSorted((a, b) => a - b);
}

/** The sockets a process holds. */
function socketsOf(pid: number, holders: Holders): number[] {
  return [...holders.keys()].filter((inode) => pidsOf(inode, holders).includes(pid));
}

/** Kills a child, and waits until the one that takes its place has served a client. */
async function replaceOne(server: RunningServer): Promise<void> {
  kill(processesOf(server.pid).children[1]!, Signal.KILL);
  assertEquals((await server.next())?.event, "lost");
  using clients = new DisposableStack();
  const every = Array.from({ length: CHILDREN }, () => clients.use(new Connection(server.port)));
  for (const connection of every) connection.send("1\n");
  for (const connection of every) assertEquals(connection.receive(1).length, 1);
  for (const connection of every) connection.shutDownWrite();
  // The end comes once nobody holds the other side any more.
  for (const connection of every) assertEquals(connection.receive(1).length, 0);
}

const pools = designs.filter(({ lifetime, children }) =>
  lifetime === "pool" && children !== "worker"
);

/**
 * Starts a pool whose children, made in this way, accept themselves: all hold one listener. The sockets that
 * a child has besides, whatever its design, are Deno's own; their number is the result.
 */
async function findOwnSockets(making: "fork" | "subprocess"): Promise<number> {
  const { id } = pools.find(({ passes, children }) => !passes && children === making)!;
  await using server = await startServer(id, { children: CHILDREN });
  const { parent, children } = processesOf(server.pid);
  assertEquals(children.length, CHILDREN);
  const holders = findHolders(server);
  assertEquals(pidsOf(listenerOn(server.port)!, holders), ascending([parent, ...children]));
  return socketsOf(children[0]!, holders).length - 1;
}

const found: Record<string, Promise<number>> = {};

/** As `findOwnSockets`, once. */
const ownSockets = (making: "fork" | "subprocess") => found[making] ??= findOwnSockets(making);

for (const making of ["fork", "subprocess"] as const) {
  Deno.test(`a pool made by ${making} has N + 1 processes that hold one listener (figure 30.2)`, async () => {
    await ownSockets(making);
  });
}

/** What the book draws: a stream pipe a child, whose ends nobody else has, and the listener. */
function assertStreamPipes(server: RunningServer, own: number): void {
  const { parent, children } = processesOf(server.pid);
  const listener = listenerOn(server.port)!;
  const pipes = streamPipes();
  const holders = findHolders(server);
  assertEquals(pidsOf(listener, holders), [parent]);
  const ends = socketsOf(parent, holders).filter((inode) => inode !== listener);
  assertEquals([ends.length, children.length], [CHILDREN, CHILDREN]);
  for (const inode of ends) assertEquals(pidsOf(inode, holders), [parent]);
  for (const pid of children) {
    const sockets = socketsOf(pid, holders);
    assertEquals(sockets.length, 1 + own);
    for (const inode of sockets) assertEquals(pidsOf(inode, holders), [pid]);
    ends.push(...sockets);
  }
  for (const inode of ends) assert(pipes.has(inode), `${inode} is no end of a stream pipe`);
}

const passing = pools.filter(({ passes, children }) =>
  passes === "free" && (isLong || children === "fork")
);
for (const { id, children: making } of passing) {
  Deno.test(`${id} has a stream pipe a child (figures 30.3 and 30.4)`, async () => {
    const own = await ownSockets(making as "fork" | "subprocess");
    await using server = await startServer(id, { children: CHILDREN });
    assertStreamPipes(server, own);
    await replaceOne(server);
    assertStreamPipes(server, own);
  });
}

Deno.test("slaunch has a stream pipe a server, of which the launcher holds both ends", async () => {
  const own = await ownSockets("subprocess");
  await using server = await startServer("slaunch");
  const { parent, children } = processesOf(server.pid);
  const holders = findHolders(server);
  const listener = listenerOn(server.port)!;
  assertEquals(pidsOf(listener, holders), [parent]);
  const ends = socketsOf(parent, holders).filter((inode) => inode !== listener);
  assertEquals(ends.length, 2 * children.length);
  const shared = ends.map((inode) => pidsOf(inode, holders).filter((pid) => pid !== parent));
  // Nobody else has the launcher's, and each server has its own.
  assertEquals(shared.filter((pids) => pids.length === 0).length, children.length);
  assertEquals(ascending(shared.flat()), ascending(children));
  for (const pid of children) assertEquals(socketsOf(pid, holders).length, 1 + own);
  for (const inode of ends) assert(streamPipes().has(inode), `${inode} is no end of a stream pipe`);
});
