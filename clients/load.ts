/**
 * A load: clients, forked processes that warm up, wait for each other and start at once.
 *
 * @module
 */
import { FailedError } from "../servers/errors.ts";
import { readLine } from "../servers/host/standard_streams.ts";
import { pipe, Poller } from "../servers/posix/descriptors.ts";
import { Errno, errnoName } from "../servers/posix/errors.ts";
import { fork, requireFork } from "../servers/posix/fork.ts";
import { close, read, write } from "../servers/posix/io.ts";
import { shareMemory } from "../servers/posix/memory.ts";
import { dieWithParent, getpid, reapOne, wait } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { socketTimeout } from "../servers/posix/sockets.ts";
import { Failure } from "../servers/transports/transport.ts";
import { transports } from "../servers/transports/transports.ts";
import { ClientResults, runClient, type Task, warmUp } from "./client.ts";
import type { LoadOptions, LoadReport } from "./protocol.ts";

const STDIN = 0;

/** Forked clients that are ready and wait to be started. */
interface Clients {
  /** Waits for `go` on standard input; false where the input ended. */
  awaitRequest(): boolean;
  /** Starts all of them and waits for their end; undefined where the input ended before that. */
  run(): readonly ClientResults[] | undefined;
}

/** How often to see whether all clients still live that are not ready yet. */
const LOOK_MS = 100;

/** The same once they run, when every look takes time from them. */
const LOOK_AT_RUNNING_MS = 1000;

/**
 * Forks the clients of a load, which warm up.
 *
 * @throws {UnsupportedError} where this process cannot fork.
 * @throws {FailedError} where a client died.
 */
export async function prepareLoad(options: LoadOptions): Promise<Clients> {
  const { host, port, path, bytes, connections, thinkMilliseconds } = options;
  const limit = socketTimeout(options.timeoutSeconds);
  const transport = await transports[options.transport]();
  const task = {
    client: transport.client({ host, port, path: path ?? undefined }, bytes, limit),
    connections,
    thinkMilliseconds,
  };
  requireFork();
  // What a client does over TCP it does over a Unix socket, and that leaves no ports in TIME_WAIT.
  warmUp(options.transport === "tcp" ? await transports.unix() : transport, limit);
  return forkClients(task, options.clients, options.warmUpConnections);
}

function forkClients(task: Task, count: number, warmup: number): Clients {
  const memory = shareMemory(count * ClientResults.bytes(task.connections)).buffer;
  const allResults = Array.from(
    { length: count },
    (_, i) => new ClientResults(memory, i, task.connections),
  );
  const [readyEnd, ready] = pipe();
  const [endedEnd, ended] = pipe();
  const [gate, gateKeeper] = pipe();
  const parent = getpid();
  const before = { ...task, connections: warmup, thinkMilliseconds: 0 };
  const unread = new ClientResults(new ArrayBuffer(ClientResults.bytes(warmup)), 0, warmup);
  const byte = new Uint8Array(1);
  for (const results of allResults) {
    fork(() => {
      dieWithParent(parent, Signal.KILL);
      close(gateKeeper);
      runClient(before, unread);
      write(ready, byte, 1);
      read(gate, byte); // ends when the last copy of the other end is closed
      runClient(task, results);
    });
  }
  for (const descriptor of [gate, ready, ended]) close(descriptor);
  const poller = new Poller([readyEnd]);
  for (let waiting = count; waiting > 0;) {
    if (poller.wait(LOOK_MS)) waiting -= read(readyEnd, new Uint8Array(waiting));
    if (reapOne()) throw new FailedError("Cannot start the clients: one of them died");
  }
  return {
    awaitRequest: () => readLine() !== undefined,
    run() {
      close(gateKeeper);
      // Each client has the other end of the pipe until it ends, so that it ends with the last of them.
      const events = new Poller([STDIN, endedEnd]);
      for (let left = count; left > 0;) {
        events.wait(LOOK_AT_RUNNING_MS);
        // There is one request: what comes after it can only be the end of input.
        if (events.isReady(0)) return undefined;
        const next = () => events.isReady(1) ? wait() : reapOne();
        for (let end = next(); end; end = next()) {
          if (end.code !== 0) throw new FailedError("Cannot finish the load: a client died");
          left--;
        }
      }
      return allResults;
    },
  };
}

/** What the clients saw, all together. */
export async function loadReport(allResults: readonly ClientResults[]): Promise<LoadReport> {
  // Only now: loaded before the forks, it would make them dearer.
  const hdr = await import("hdr-histogram-js");
  const histogram = hdr.build({ numberOfSignificantValueDigits: 3, autoResize: true });
  const errors: Record<string, number> = {};
  for (const results of allResults) {
    // The histogram counts from 1: a connection takes longer than a microsecond.
    for (const ms of results.latencies) histogram.recordValue(Math.max(1, Math.round(ms * 1000)));
    for (const [kind, count] of results.errors) {
      errors[errorName(kind)] = (errors[errorName(kind)] ?? 0) + count;
    }
  }
  // A percentile is the upper end of a bucket, which may lie beyond the largest value in it.
  const percentile = (which: number) =>
    Math.min(histogram.getValueAtPercentile(which), histogram.maxValue) / 1e6;
  const connections = sum(allResults, (results) => results.latencies.length);
  const start = Math.min(...allResults.map(({ span: [start] }) => start));
  const end = Math.max(...allResults.map(({ span: [, end] }) => end));
  const wallSeconds = (end - start) / 1000;
  const [user, system] = [sum(allResults, (l) => l.cpu.user), sum(allResults, (l) => l.cpu.system)];
  return {
    connections,
    errors,
    wallSeconds,
    connectionsPerSecond: connections / wallSeconds,
    cpu: { user, system, total: sum(allResults, (results) => results.cpu.total) },
    latency: {
      p50: percentile(50),
      p99: percentile(99),
      max: histogram.maxValue / 1e6,
      histogram: hdr.encodeIntoCompressedBase64(histogram),
    },
  };
}

function errorName(kind: number): string {
  if (kind === Failure.shortReply) return "short reply";
  if (kind === Failure.longReply) return "long reply";
  if (kind === Failure.refused) return "refused";
  return kind === Errno.EAGAIN ? "timed out" : errnoName(kind);
}

function sum<T>(items: readonly T[], figure: (item: T) => number): number {
  return items.reduce((total, item) => total + figure(item), 0);
}
