/**
 * Who holds which socket of a running server, as /proc shows it: the book's figures 30.2, 30.3 and 30.4.
 *
 * @module
 */
import { childrenOf, descriptorsOf, tableIn, tcpSocketsOn, TcpState } from "../posix/files.ts";

/** A process that has a descriptor of a socket. */
export interface Holder {
  readonly pid: number;
  readonly descriptor: number;
}

/** By the socket's inode. */
export type Holders = ReadonlyMap<number, readonly Holder[]>;

/** Every socket that one of these processes holds. */
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

/** The inode of the socket that listens on that port; undefined: none does. */
export function listenerOn(port: number): number | undefined {
  return tcpSocketsOn(port).find(({ state }) => state === TcpState.listen)?.inode;
}

/** Inodes of the connected stream sockets of the Unix domain (/proc/net/unix). */
export function streamPipes(): Set<number> {
  const [STREAM, CONNECTED] = ["0001", "03"];
  const rows = tableIn("/proc/net/unix").filter((row) => row[4] === STREAM && row[5] === CONNECTED);
  return new Set(rows.map((row) => Number(row[6])));
}

/** The processes that serve: the one a host has started, and its children. */
export function processesOf(host: number): { parent: number; children: number[] } {
  const parent = childrenOf(host)[0]!;
  return { parent, children: childrenOf(parent) };
}
