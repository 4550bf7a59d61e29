/**
 * The connections of each worker of an external server.
 *
 * @module
 */
import type { Report } from "../../servers/host/account.ts";
import { tcpConnections } from "../../servers/posix/inet_diagnostics.ts";
import type { Way, Workers } from "../record/record.ts";

/** What is counted: connections by process id, or by what replies say. */
export type Counts = ReadonlyMap<string, number>;

/** The processes of a server, as far as its workers are found among them. */
type Processes =
  & Pick<Report<null>, "workers">
  & {
    readonly parent: { readonly pid: number; readonly name: string | null } | null;
    readonly children: readonly { readonly pid: number | null; readonly name: string | null }[];
  };

type Process = { readonly pid: number; readonly name: string | null };

/**
 * The workers of a server, of which so many connections were made: the processes that served some, and those beside
 * them that could have. Null if the counts are not of exactly these connections.
 */
export function workersOf(
  by: Way,
  counts: Counts,
  connections: number,
  { parent, children, workers }: Processes,
): Workers | null {
  if (sum(counts.values()) !== connections) return null;
  const all = [...(parent ? [parent] : []), ...children].filter((one): one is Process =>
    one.pid !== null
  );
  const served = ({ pid }: Process) => counts.get(String(pid)) ?? 0;
  if (by === "header" && all.every((one) => served(one) === 0)) {
    // What differs from connection to connection is not the name of a worker.
    return counts.size > connections / 2 ? null : { by, workers: named(counts) };
  }
  const listening = new Set(workers?.listening);
  const childrenListen = children.some(({ pid }) => pid !== null && listening.has(pid));
  const names = new Set(all.filter((one) => served(one) > 0).map(({ name }) => name));
  // A helper, such as the cache manager of nginx, does not listen. Where a parent passes connections on, nobody else does.
  const couldServe = ({ pid, name }: Process) =>
    pid !== parent?.pid && (childrenListen ? listening.has(pid) : names.has(name));
  const found = all.filter((one) => served(one) > 0 || couldServe(one))
    .map((one) => ({ pid: one.pid, name: one.name, connections: served(one) }));
  const rest = connections - sum(found.map((one) => one.connections));
  const ended = rest > 0 ? [{ pid: null, name: null, connections: rest }] : [];
  return { by, workers: [...found, ...ended] };
}

/** Workers of whom only the name is known. */
function named(counts: Counts): Workers["workers"] {
  return [...counts].map(([name, connections]) => ({ pid: null, name, connections }))
    .toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, one) => total + one, 0);
}

/** Time limit for a server to close connections that its clients have closed. */
const CLOSING_MS = 1000;

/** Waits until a server has closed every connection, so that all of them are counted. */
export async function untilClosed(port: number): Promise<void> {
  for (const late = performance.now() + CLOSING_MS; performance.now() < late;) {
    if (countOpen(port) === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Connections that a server at that port has open; 0 where the kernel cannot say. */
function countOpen(port: number): number {
  try {
    return tcpConnections(port).length;
  } catch {
    return 0;
  }
}
