/**
 * Which process holds which socket of a running server, read from /proc: the book's figures 30.2, 30.3 and
 * 30.4.
 *
 * @module
 */
import { childrenOf, descriptorsOf, readTable } from "../../servers/posix/files.ts";
import { tcpSocketsOn, TcpState } from "../../servers/posix/tcp_table.ts";
import { UsageError } from "../../servers/errors.ts";
import { processesOf as runningProcesses, processName, type Running } from "./running.ts";
import { unixPeers } from "../../servers/posix/socket_diagnostics.ts";

/** A process with a descriptor of a socket. */
export interface Holder {
  readonly pid: number;
  readonly descriptor: number;
}

/** Holders by the inode of the socket. */
export type Holders = ReadonlyMap<number, readonly Holder[]>;

/** The sockets that these processes hold. */
export function holdersOf(pids: readonly number[]): Holders {
  const held = pids.flatMap((pid) =>
    descriptorsOf(pid).flatMap(({ descriptor, target }) => {
      const inode = target.match(/^socket:\[(\d+)\]$/)?.[1];
      return inode === undefined ? [] : [{ inode: Number(inode), holder: { pid, descriptor } }];
    })
  );
  const groups = Map.groupBy(held, ({ inode }) => inode);
  return new Map([...groups].map(([inode, same]) => [inode, same.map(({ holder }) => holder)]));
}

/** The inode of the socket that listens on a port; undefined if there is none. */
export function listenerOn(port: number): number | undefined {
  return listenersOn(port)[0];
}

/** The inodes of all of them, in the order in which they were made. */
function listenersOn(port: number): number[] {
  return tcpSocketsOn(port).filter(({ state }) => state === TcpState.listen)
    .map(({ inode }) => inode).toSorted((a, b) => a - b);
}

/** Inodes of the connected stream sockets of the Unix domain (/proc/net/unix). */
export function streamPipes(): Set<number> {
  const [STREAM, CONNECTED] = ["0001", "03"];
  const rows = readTable("/proc/net/unix").filter((row) =>
    row[4] === STREAM && row[5] === CONNECTED
  );
  return new Set(rows.map((row) => Number(row[6])));
}

/** The server process that a host has started, and its children. */
export function processesOf(host: number): { parent: number; children: number[] } {
  const parent = childrenOf(host)[0]!;
  return { parent, children: childrenOf(parent) };
}

/** A process of a server. */
export interface HolderProcess {
  readonly name: string;
  readonly pid: number;
}

/** A socket, or both ends of a stream pipe, and its holders. */
export interface HeldSocket {
  readonly name: string;
  readonly holders: readonly Holder[];
}

/** The processes of a server, and the sockets they hold. */
export interface SocketHolders {
  readonly parent: HolderProcess;
  readonly children: readonly HolderProcess[];
  /** Listening sockets first. */
  readonly sockets: readonly HeldSocket[];
}

/**
 * Reads the sockets of a running server. A server made of threads is a single process.
 *
 * Stream pipes that only one process holds are left out: they are Deno's own.
 */
export function readSocketHolders(
  host: number,
  port: number,
  isOneProcess: boolean,
): SocketHolders {
  const { parent, children } = isOneProcess ? { parent: host, children: [] } : processesOf(host);
  const listeners = listenersOn(port);
  return {
    parent: { name: isOneProcess ? "process" : "parent", pid: parent },
    children: children.map((pid, index) => ({ name: `child ${index}`, pid })),
    sockets: socketsOf(
      [parent, ...children],
      listeners.map((inode, index) => ({
        name: listeners.length === 1 ? "listening socket" : `listening socket ${index}`,
        inode,
      })),
    ),
  };
}

/** Reads the sockets of a server that somebody else started. @throws {UsageError} if it has ended. */
export function readRunningHolders({ roots, ports }: Running): SocketHolders {
  const [parent, ...children] = runningProcesses(roots);
  if (parent === undefined) throw new UsageError("Cannot draw a server that has ended");
  const listeners = ports.flatMap((port) =>
    listenersOn(port).map((inode, index, { length }) => ({
      name: length === 1 ? `port ${port}` : `port ${port}, socket ${index}`,
      inode,
    }))
  );
  return {
    parent: { name: processName(parent), pid: parent },
    children: children.map((pid, index) => ({ name: `${processName(pid)} ${index}`, pid })),
    sockets: socketsOf([parent, ...children], listeners),
  };
}

/** The listening sockets, and the stream pipes that several of the processes hold. */
function socketsOf(
  pids: readonly number[],
  listeners: readonly { readonly name: string; readonly inode: number }[],
): HeldSocket[] {
  const held = holdersOf(pids);
  const ends = streamPipes();
  const pipes = pairs([...held.keys()].filter((inode) => ends.has(inode)))
    .map((pair) => pair.flatMap((inode) => held.get(inode)!))
    .filter((holders) => new Set(holders.map(({ pid }) => pid)).size > 1);
  return [
    ...listeners.map(({ name, inode }) => ({ name, holders: held.get(inode) ?? [] })),
    ...pipes.map((holders, index) => ({ name: `stream pipe ${index}`, holders })),
  ];
}

/** The two ends of each pipe of which both are among these sockets. */
function pairs(inodes: readonly number[]): number[][] {
  const peers = unixPeers(inodes);
  return [...peers].filter(([inode, peer]) => inode < peer && peers.has(peer))
    .toSorted(([a], [b]) => a - b);
}
