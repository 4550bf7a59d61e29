/**
 * A server that runs already, whoever started it, as it is seen from outside.
 *
 * @module
 */
import { UnsupportedError, UsageError } from "../../servers/errors.ts";
import { processCpu } from "../../servers/posix/clocks.ts";
import { hasExited, namesIn, proportionalMemory, tryReadText } from "../../servers/posix/files.ts";
import { allTcpListeners, tcpConnections } from "../../servers/posix/inet_diagnostics.ts";
import { type TracepointCounts, watchEnds, watchRefusal } from "../../servers/posix/perf_events.ts";
import { processesBelow } from "../../servers/posix/process_tree.ts";
import { ProcessSockets } from "../../servers/posix/process_sockets.ts";
import { listenersOn } from "../../servers/posix/tcp_table.ts";

/** What a process of a server has done since the last sample, and has now. */
export interface ProcessSample {
  readonly pid: number;
  readonly name: string;
  /** Connections that it has served: those that ended; null: not known without root. */
  readonly connections: number | null;
  /** The same since the first sample. */
  readonly connectionsInAll: number | null;
  /** Connections that it has open; null: its sockets are another user's. */
  readonly open: number | null;
  /** CPU seconds. */
  readonly cpuSeconds: number;
  /** Proportional set size; null: not readable. */
  readonly memoryBytes: number | null;
}

/** A server at one moment. */
export interface ServerSample {
  /** Seconds since the last sample. */
  readonly seconds: number;
  /** Connections that no process has accepted yet. */
  readonly waiting: number;
  readonly processes: readonly ProcessSample[];
}

/** The processes and the ports of a running server. */
export interface Running {
  /** The process or processes that the others are below. */
  readonly roots: readonly number[];
  /** The ports that it listens at; none if they cannot be read. */
  readonly ports: readonly number[];
}

/** The server of a process. @throws {UsageError} if there is no such process. */
export function runningAs(pid: number): Running {
  if (hasExited(pid)) {
    throw new UsageError(`Cannot find process ${pid}: write --pid of one that runs, or --port`);
  }
  const sockets = new ProcessSockets(processesOf([pid]));
  const ports = allTcpListeners().filter(({ inode }) => sockets.of(inode).length > 0)
    .map(({ port }) => port);
  return { roots: [pid], ports: [...new Set(ports)] };
}

/**
 * The server that listens at a port.
 *
 * @throws {UsageError} if nobody does.
 * @throws {UnsupportedError} if it is another user's.
 */
export function runningAt(port: number): Running {
  const inodes = listenersOn(port);
  if (inodes.length === 0) {
    throw new UsageError(`Cannot find a server at port ${port}: nobody listens there`);
  }
  const sockets = new ProcessSockets(
    namesIn("/proc").filter((name) => /^\d+$/.test(name)).map(Number),
  );
  const holders = new Set(inodes.flatMap((inode) => sockets.of(inode)));
  if (holders.size === 0) {
    throw new UnsupportedError(
      `Cannot look at the server at port ${port}: it is another user's, or in another container; run as root`,
    );
  }
  for (const pid of [...holders]) for (const child of processesBelow(pid)) holders.delete(child);
  return { roots: [...holders], ports: [port] };
}

/** The processes of a server that run: those that it began with, and those below them. */
export function processesOf(roots: readonly number[]): number[] {
  const all = roots.flatMap((pid) => [pid, ...processesBelow(pid)]);
  return all.filter((pid) => !hasExited(pid));
}

/** The name of a process (comm of proc(5)). */
export function processName(pid: number): string {
  return tryReadText(`/proc/${pid}/comm`)?.trim() ?? "";
}

/** Looks at a running server again and again. Disposing ends that. */
export class RunningServer implements Disposable {
  readonly running: Running;
  /** Why connections are not known, such as EACCES; undefined: they are. */
  readonly refusal: string | undefined;
  readonly #ends: TracepointCounts | undefined;
  #at = performance.now();
  #cpu: ReadonlyMap<number, number>;
  #served: ReadonlyMap<number, number> = new Map();

  constructor(running: Running) {
    this.running = running;
    this.refusal = running.ports.length === 0 ? "no port" : watchRefusal();
    this.#ends = this.refusal === undefined ? watchEnds(running.ports) : undefined;
    this.#cpu = cpuOf(processesOf(running.roots));
  }

  /** Takes in what the kernel has seen: often enough that it has room. */
  look(): void {
    this.#ends?.look();
  }

  /** What has happened since the last sample; undefined: the server has ended. */
  sample(): ServerSample | undefined {
    const { roots, ports } = this.running;
    const pids = processesOf(roots);
    if (pids.length === 0) return undefined;
    this.look();
    const now = performance.now();
    const [cpu, served] = [cpuOf(pids), new Map(this.#ends?.byProcess)];
    const { open, waiting } = openOf(pids, ports);
    const sample = {
      seconds: (now - this.#at) / 1000,
      waiting,
      processes: pids.map((pid) => ({
        pid,
        name: processName(pid),
        connections: this.#ends ? (served.get(pid) ?? 0) - (this.#served.get(pid) ?? 0) : null,
        connectionsInAll: this.#ends ? served.get(pid) ?? 0 : null,
        open: open?.get(pid) ?? (open ? 0 : null),
        cpuSeconds: Math.max(0, (cpu.get(pid) ?? 0) - (this.#cpu.get(pid) ?? 0)),
        memoryBytes: proportionalMemory(pid),
      })),
    };
    [this.#at, this.#cpu, this.#served] = [now, cpu, served];
    return sample;
  }

  [Symbol.dispose](): void {
    this.#ends?.[Symbol.dispose]();
  }
}

function cpuOf(pids: readonly number[]): Map<number, number> {
  return new Map(pids.map((pid) => [pid, processCpu(pid) ?? 0]));
}

/** Open connections by process; null where nothing is known of them. */
function openOf(pids: readonly number[], ports: readonly number[]) {
  if (ports.length === 0) return { open: null, waiting: 0 };
  const inodes = ports.flatMap((port) => tcpConnections(port));
  const sockets = new ProcessSockets(pids);
  const open = new Map<number, number>();
  for (const inode of inodes) {
    const holder = sockets.of(inode).at(-1);
    if (holder !== undefined) open.set(holder, (open.get(holder) ?? 0) + 1);
  }
  return { open, waiting: inodes.filter((inode) => inode === 0).length };
}
