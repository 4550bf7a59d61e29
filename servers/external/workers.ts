/**
 * Which processes of a server listen, and which of them serve its connections, as far as this is seen from outside.
 *
 * @module
 */
import type { WorkersSeen } from "../host/account.ts";
import { SystemError } from "../posix/errors.ts";
import { ProcessSockets } from "../posix/process_sockets.ts";
import { type TracepointCounts, watchEnds } from "../posix/perf_events.ts";
import { listenersOn } from "../posix/tcp_table.ts";

/** Those of these processes that listen at a port; undefined: nobody does. */
export function listeningOf(processes: readonly number[], port: number): number[] | undefined {
  const inodes = listenersOn(port);
  if (inodes.length === 0) return undefined;
  const holders = new ProcessSockets(processes);
  const listening = new Set(inodes.flatMap((inode) => holders.of(inode)));
  return processes.filter((pid) => listening.has(pid));
}

/** Milliseconds between two looks at what the kernel has seen: it has room for 16,384 connections of a processor. */
const LOOK_MS = 50;

/** Counts the connections of a port that each process has served, by what the kernel sees of their ends. */
export class EndsWatch implements Disposable {
  readonly #counts: TracepointCounts;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Starts to watch; undefined: it may not. */
  static start(port: number): EndsWatch | undefined {
    try {
      return new EndsWatch(watchEnds([port]));
    } catch (error) {
      if (error instanceof SystemError) return undefined;
      throw error;
    }
  }

  private constructor(counts: TracepointCounts) {
    this.#counts = counts;
    this.#timer = setInterval(() => counts.look(), LOOK_MS);
  }

  /** Counts from here on. */
  mark(): void {
    this.#counts.look();
    this.#counts.byProcess.clear();
    this.#counts.lost = 0;
  }

  /** Connections since the mark by process; null if the kernel had no room for some. */
  get served(): WorkersSeen["served"] {
    this.#counts.look();
    if (this.#counts.lost > 0) return null;
    return [...this.#counts.byProcess].map(([pid, connections]) => ({ pid, connections }));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#counts[Symbol.dispose]();
  }
}

/** What is seen of the workers of a server at the end of a load. */
export function seenOf(
  processes: readonly number[],
  port: number,
  ends: EndsWatch | undefined,
): WorkersSeen {
  return { listening: listeningOf(processes, port) ?? [], served: ends?.served ?? null };
}
