/** The book's figures of who holds which descriptor, seen in /proc while a server runs. */
import { assert, assertEquals } from "@std/assert";
import { designs } from "./designs.ts";
import { childrenOf, readText } from "./posix/files.ts";
import { kill } from "./posix/processes.ts";
import { Signal } from "./posix/signals.ts";
import { Connection, type RunningServer, startServer } from "./testing.ts";

const CHILDREN = 3;

/** Which processes of a server hold which socket: process numbers by the socket's inode. */
type Holders = ReadonlyMap<number, readonly number[]>;

/** Looks at every descriptor of a server, its host included; by a program, as Deno may not. */
async function findHolders(server: RunningServer): Promise<Holders> {
  const folders = (await server.processes()).map((pid) => `/proc/${pid}/fd`);
  const args = [...folders, "-lname", "socket:*", "-printf", "%p %l\n"];
  const { stdout } = await new Deno.Command("find", { args }).output();
  const lines = new TextDecoder().decode(stdout).matchAll(/^\/proc\/(\d+)\/.*\[(\d+)\]$/gm);
  const holders = new Map<number, Set<number>>();
  for (const [, pid, inode] of lines) {
    holders.set(Number(inode), (holders.get(Number(inode)) ?? new Set()).add(Number(pid)));
  }
  return new Map([...holders].map(([inode, pids]) => [inode, ascending(pids)]));
}

function ascending(numbers: Iterable<number>): number[] {
  return [...numbers].toSorted((a, b) => a - b);
}

/** The sockets a process holds. */
function socketsOf(pid: number, holders: Holders): number[] {
  return [...holders].filter(([, pids]) => pids.includes(pid)).map(([inode]) => inode);
}

/** The inode of the socket that listens on a port (/proc/net/tcp). */
function listenerOn(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readText("/proc/net/tcp").split("\n").map((line) => line.trim().split(/ +/));
  const found = rows.filter((row) => row[1]?.endsWith(local) && row[3] === "0A");
  assertEquals(found.length, 1);
  return Number(found[0]![9]);
}

/** Inodes of the connected stream sockets of the Unix domain (/proc/net/unix). */
function streamPipes(): Set<number> {
  const [STREAM, CONNECTED] = ["0001", "03"];
  const rows = readText("/proc/net/unix").split("\n").map((line) => line.trim().split(/ +/));
  return new Set(
    rows.filter((row) => row[4] === STREAM && row[5] === CONNECTED).map((row) => Number(row[6])),
  );
}

/** The server process and its children. */
function processesOf(server: RunningServer): { parent: number; children: number[] } {
  const parent = childrenOf(server.pid)[0]!;
  return { parent, children: childrenOf(parent) };
}

/** Kills a child, and waits until the one that takes its place has served a client. */
async function replaceOne(server: RunningServer): Promise<void> {
  kill(processesOf(server).children[1]!, Signal.KILL);
  assertEquals((await server.next())?.event, "lost");
  using clients = new DisposableStack();
  const every = Array.from({ length: CHILDREN }, () => clients.use(new Connection(server.port)));
  for (const connection of every) connection.send("1\n");
  for (const connection of every) assertEquals(connection.receive(1).length, 1);
  for (const connection of every) connection.endWriting();
  // The end comes once nobody holds the other side any more.
  for (const connection of every) assertEquals(connection.receive(1).length, 0);
}

const pools = designs.filter(({ lifetime, children }) =>
  lifetime === "pool" && children !== "worker"
);

for (const { id } of pools.filter(({ passes }) => !passes)) {
  Deno.test(`serve ${id} has N + 1 processes that hold one listener (figure 30.2)`, async () => {
    await using server = await startServer(id, { children: CHILDREN });
    const { parent, children } = processesOf(server);
    assertEquals(children.length, CHILDREN);
    const holders = await findHolders(server);
    assertEquals(holders.get(listenerOn(server.port)), ascending([parent, ...children]));
  });
}

/** Sockets that a child made in this way has whatever its design: Deno's own. */
async function ownSockets(making: string): Promise<number> {
  const { id } = pools.find(({ passes, children }) => !passes && children === making)!;
  await using server = await startServer(id, { children: 1 });
  const { children: [child] } = processesOf(server);
  return socketsOf(child!, await findHolders(server)).length - 1;
}

/** What the book draws: a stream pipe a child, whose ends nobody else has, and the listener. */
async function assertStreamPipes(server: RunningServer, own: number): Promise<void> {
  const { parent, children } = processesOf(server);
  const listener = listenerOn(server.port);
  const pipes = streamPipes();
  const holders = await findHolders(server);
  assertEquals(holders.get(listener), [parent]);
  const ends = socketsOf(parent, holders).filter((inode) => inode !== listener);
  assertEquals([ends.length, children.length], [CHILDREN, CHILDREN]);
  for (const inode of ends) assertEquals(holders.get(inode), [parent]);
  for (const pid of children) {
    const sockets = socketsOf(pid, holders);
    assertEquals(sockets.length, 1 + own);
    for (const inode of sockets) assertEquals(holders.get(inode), [pid]);
    ends.push(...sockets);
  }
  for (const inode of ends) assert(pipes.has(inode), `${inode} is no end of a stream pipe`);
}

for (const { id, children: making } of pools.filter(({ passes }) => passes === "free")) {
  Deno.test(`serve ${id} has a stream pipe a child (figures 30.3 and 30.4)`, async () => {
    const own = await ownSockets(making);
    await using server = await startServer(id, { children: CHILDREN });
    await assertStreamPipes(server, own);
    await replaceOne(server);
    await assertStreamPipes(server, own);
  });
}

Deno.test("serve slaunch has a stream pipe a server, of which the launcher holds both ends", async () => {
  const own = await ownSockets("subprocess");
  await using server = await startServer("slaunch");
  const { parent, children } = processesOf(server);
  const holders = await findHolders(server);
  const listener = listenerOn(server.port);
  assertEquals(holders.get(listener), [parent]);
  const ends = socketsOf(parent, holders).filter((inode) => inode !== listener);
  assertEquals(ends.length, 2 * children.length);
  const shared = ends.map((inode) => holders.get(inode)!.filter((pid) => pid !== parent));
  // Nobody else has the launcher's, and each server has its own.
  assertEquals(shared.filter((pids) => pids.length === 0).length, children.length);
  assertEquals(ascending(shared.flat()), ascending(children));
  for (const pid of children) assertEquals(socketsOf(pid, holders).length, 1 + own);
  for (const inode of ends) assert(streamPipes().has(inode), `${inode} is no end of a stream pipe`);
});
