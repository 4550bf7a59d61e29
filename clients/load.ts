/**
 * A load: clients in forked processes, which warm up, wait for each other and start at the same time.
 *
 * @module
 */
import { FailedError } from "../servers/errors.ts";
import type { Listening } from "../servers/host/protocol.ts";
import { pipe, Poller } from "../servers/posix/descriptors.ts";
import { Errno, errnoName } from "../servers/posix/errors.ts";
import { fork, requireFork } from "../servers/posix/fork.ts";
import { close, read, write } from "../servers/posix/io.ts";
import { FailureMessage } from "../servers/posix/failure_message.ts";
import { shareMemory } from "../servers/posix/memory.ts";
import {
  dieWithParent,
  type ExitStatus,
  getpid,
  reapOne,
  wait,
} from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { socketTimeout } from "../servers/posix/sockets.ts";
import { Failure } from "../servers/transports/transport.ts";
import { transports } from "../servers/transports/transports.ts";
import { ClientResults, runClient, type Task, warmUp } from "./client.ts";
import { Histogram } from "./histogram.ts";
import type { LoadOptions, LoadReport } from "./protocol.ts";

const STDIN = 0;

/** Forked clients that are ready to start. */
interface Clients {
  /** Starts all clients and waits for them to finish; undefined if standard input ends before. */
  run(): readonly ClientResults[] | undefined;
}

/** Interval at which to check for clients that died before they were ready. */
const STARTUP_POLL_MS = 100;

/** The same while clients run, longer because each check takes CPU time from them. */
const RUNNING_POLL_MS = 1000;

/** Has V8 compile the code of the clients, which takes as long as the start of a server: no server is needed. */
export async function warmUpLoad({ transport, timeoutSeconds }: LoadOptions): Promise<void> {
  // A Unix socket runs the same code as TCP, and leaves no ports in TIME_WAIT.
  const name = transport === "tcp" ? "unix" : transport;
  warmUp(await transports[name](), socketTimeout(timeoutSeconds));
}

/**
 * Forks the clients of a load and waits until they have warmed up.
 *
 * @throws {UnsupportedError} if this process cannot fork.
 * @throws {FailedError} if a client died.
 */
export async function forkClients(
  options: LoadOptions,
  { host, port, path }: Listening,
): Promise<Clients> {
  const { clients: count, bytes, connections, limitSeconds, thinkMilliseconds } = options;
  const transport = await transports[options.transport]();
  const timeout = socketTimeout(options.timeoutSeconds);
  const task: Task = {
    client: transport.client({ host, port, path: path ?? undefined }, bytes, timeout),
    connections,
    limitMilliseconds: limitSeconds === 0 ? Infinity : 1000 * limitSeconds,
    thinkMilliseconds,
  };
  const messagesAt = count * ClientResults.BYTES;
  const memory = shareMemory(messagesAt + count * FailureMessage.BYTES).buffer;
  const messageOf = (client: number) =>
    new FailureMessage(memory, messagesAt + client * FailureMessage.BYTES);
  const allResults = Array.from({ length: count }, (_, i) => new ClientResults(memory, i));
  const [readyEnd, ready] = pipe();
  const [endedEnd, ended] = pipe();
  const [gate, gateWriter] = pipe();
  const parent = getpid();
  const before = {
    ...task,
    connections: options.warmUpConnections,
    limitMilliseconds: Infinity,
    thinkMilliseconds: 0,
  };
  const unread = new ClientResults();
  const byte = new Uint8Array(1);
  const poller = new Poller([readyEnd]);
  // A C function is loaded at its first call: here, or in each client and, more slowly, beside them.
  runClient({ ...before, connections: 0 }, unread);
  poller.wait(0);
  reapOne();
  for (const [client, results] of allResults.entries()) {
    fork(() => {
      dieWithParent(parent, Signal.KILL);
      close(gateWriter);
      runClient(before, unread);
      write(ready, byte, 1);
      read(gate, byte); // returns when the last copy of the write end is closed
      runClient(task, results);
    }, () => messageOf(client));
  }
  const died = (what: string, end: ExitStatus) => {
    const cause = allResults.flatMap((_, client) => messageOf(client).of(end.pid) ?? [])[0];
    const how = end.signal === undefined ? `exit code ${end.code}` : `signal ${end.signal}`;
    return new FailedError(`Cannot ${what}: a client died: ${cause ?? how}`);
  };
  for (const descriptor of [gate, ready, ended]) close(descriptor);
  for (let waiting = count; waiting > 0;) {
    if (poller.wait(STARTUP_POLL_MS)) waiting -= read(readyEnd, new Uint8Array(waiting));
    const end = reapOne();
    if (end) {
      requireFork();
      throw died("start the clients", end);
    }
  }
  return {
    run() {
      close(gateWriter);
      // Each client keeps the write end open until it exits: end of file means that all have exited.
      const events = new Poller([STDIN, endedEnd]);
      for (let left = count; left > 0;) {
        events.wait(RUNNING_POLL_MS);
        // There is only one request, so input is readable only at its end.
        if (events.isReady(0)) return undefined;
        const next = () => events.isReady(1) ? wait() : reapOne();
        for (let end = next(); end; end = next()) {
          if (end.code !== 0) throw died("finish the load", end);
          left--;
        }
      }
      return allResults;
    },
  };
}

/** The combined results of all clients. */
export async function loadReport(allResults: readonly ClientResults[]): Promise<LoadReport> {
  const latencies = new Histogram();
  const errors: Record<string, number> = {};
  for (const results of allResults) {
    latencies.add(results.latencies);
    for (const [kind, count] of results.errors) {
      const name = errorName(kind, results.wrongReply);
      errors[name] = (errors[name] ?? 0) + count;
    }
  }
  const max = Math.max(...allResults.map(({ longest }) => longest)) / 1000;
  // The upper bound of a bucket may exceed the maximum.
  const quantile = (share: number) => Math.min(latencies.quantile(share) / 1e6, max);
  const connections = sum(allResults, ({ answered }) => answered);
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
      p50: quantile(0.5),
      p99: quantile(0.99),
      p999: quantile(0.999),
      max,
      histogram: await latencies.encode(),
    },
  };
}

function errorName(kind: number, wrongReply: string): string {
  if (kind === Failure.noAnswer) return `not an answer: "${wrongReply}"`;
  if (kind === Failure.shortReply) return "short reply";
  if (kind === Failure.longReply) return "long reply";
  if (kind === Failure.refused) return "refused";
  return kind === Errno.EAGAIN ? "timed out" : errnoName(kind);
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
