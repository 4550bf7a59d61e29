/**
 * A load: clients in forked processes, which warm up, wait for each other and start at the same time; or in
 * threads (`threads.ts`) where fork does not work.
 *
 * @module
 */
import { FailedError } from "../servers/errors.ts";
import type { Listening } from "../servers/host/protocol.ts";
import { pipe, Poller } from "../servers/posix/descriptors.ts";
import { Errno, errnoName } from "../servers/posix/errors.ts";
import { fork, probeFork } from "../servers/posix/fork.ts";
import { close, read, write } from "../servers/posix/io.ts";
import { FailureMessage } from "../servers/posix/failure_message.ts";
import { shareMemory } from "../servers/posix/memory.ts";
import {
  dieWithParent,
  type ExitStatus,
  getpid,
  kill,
  reapOne,
  wait,
} from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { Failure } from "../servers/transports/transport.ts";
import { ClientResults, type Clients, now } from "./client.ts";
import { Histogram } from "./histogram.ts";
import type { LoadOptions, LoadReport } from "./protocol.ts";
import { Series } from "./series.ts";
import { processesOf, workOf } from "./task.ts";
import { WorkerCounts } from "./worker_counts.ts";

const STDIN = 0;

/** Interval at which to check for clients that died before they were ready. */
const STARTUP_POLL_MS = 100;

/** The same while clients run, longer because each check takes CPU time from them. */
const RUNNING_POLL_MS = 1000;

/**
 * Makes the clients of a load and waits until they have warmed up: by fork, or as threads where that does not
 * work.
 *
 * @throws {FailedError} if a client died.
 */
export async function startClients(options: LoadOptions, server: Listening): Promise<Clients> {
  try {
    return await forkClients(options, server);
  } catch (error) {
    if (probeFork().works) throw error;
    const { startThreads } = await import("./threads.ts");
    return await startThreads(options, server);
  }
}

async function forkClients(options: LoadOptions, server: Listening): Promise<Clients> {
  const count = processesOf(options);
  const naming = options.workerPattern === null ? undefined : new WorkerCounts(
    options.workerPattern,
    shareMemory(WorkerCounts.bytes(count)).buffer,
  );
  const { load, before, run } = await workOf({ ...options, naming }, server);
  const messagesAt = count * ClientResults.BYTES;
  const memory = shareMemory(messagesAt + count * FailureMessage.BYTES).buffer;
  const messageOf = (client: number) =>
    new FailureMessage(memory, messagesAt + client * FailureMessage.BYTES);
  const series = new Series(shareMemory(Series.BYTES).buffer);
  const allResults = Array.from({ length: count }, (_, i) => new ClientResults(memory, i, series));
  const [readyEnd, ready] = pipe();
  const [endedEnd, ended] = pipe();
  const [gate, gateWriter] = pipe();
  const [finishedEnd, finished] = pipe();
  const parent = getpid();
  const unread = new ClientResults();
  const byte = new Uint8Array(1);
  const poller = new Poller([readyEnd]);
  // A C function is loaded at its first call: here, or in each client and, more slowly, beside them.
  load();
  poller.wait(0);
  reapOne();
  const pids: number[] = [];
  /** Ends those that wait for the start. */
  const killAll = () => pids.forEach((pid) => (kill(pid, Signal.KILL), wait(pid)));
  using failing = new DisposableStack();
  failing.defer(killAll);
  for (const [client, results] of allResults.entries()) {
    pids.push(fork(() => {
      dieWithParent(parent, Signal.KILL);
      close(gateWriter);
      before(unread);
      write(ready, byte, 1);
      read(gate, byte); // returns when the last copy of the write end is closed
      naming?.reset();
      run(results);
      // The end of a process takes milliseconds of CPU time, which others would miss: all end together.
      close(finished);
      read(finishedEnd, byte);
    }, () => messageOf(client)));
  }
  const died = (what: string, end: ExitStatus) => {
    const cause = allResults.flatMap((_, client) => messageOf(client).of(end.pid) ?? [])[0];
    const how = end.signal === undefined ? `exit code ${end.code}` : `signal ${end.signal}`;
    return new FailedError(`Cannot ${what}: a client died: ${cause ?? how}`);
  };
  for (const descriptor of [gate, ready, ended, finishedEnd, finished]) close(descriptor);
  for (let waiting = count; waiting > 0;) {
    if (poller.wait(STARTUP_POLL_MS)) waiting -= read(readyEnd, new Uint8Array(waiting));
    const end = reapOne();
    if (end) throw died("start the clients", end);
  }
  failing.move();
  return {
    making: "fork",
    run(origin = now()) {
      series.start(origin);
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
    ...(naming && { workers: () => naming.read() }),
  };
}

/** The start of the first client and the end of the last, in milliseconds of the monotonic clock. */
export function spanOf(allResults: readonly ClientResults[]): { start: number; end: number } {
  return {
    start: Math.min(...allResults.map(({ span: [start] }) => start)),
    end: Math.max(...allResults.map(({ span: [, end] }) => end)),
  };
}

/** The combined results of all clients. */
export async function loadReport(
  allResults: readonly ClientResults[],
  making: LoadReport["making"],
  { rate }: Pick<LoadOptions, "rate">,
  workers: ReadonlyMap<string, number> | undefined,
): Promise<LoadReport> {
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
  const connections = sum(allResults, (results) => results.connections);
  const { start, end } = spanOf(allResults);
  const wallSeconds = (end - start) / 1000;
  const [user, system] = [sum(allResults, (l) => l.cpu.user), sum(allResults, (l) => l.cpu.system)];
  return {
    making,
    connections,
    requests: sum(allResults, ({ requests }) => requests),
    errors,
    wallSeconds,
    connectionsPerSecond: connections / wallSeconds,
    openLoop: rate === 0 ? null : allResults[0]!.openLoop,
    cpu: { user, system, total: sum(allResults, (results) => results.cpu.total) },
    latency: await latencies.summary(max),
    hosts: null,
    workers: workers === undefined ? null : Object.fromEntries(workers),
    series: allResults[0]!.series.read(end),
  };
}

function errorName(kind: number, wrongReply: string): string {
  if (kind === Failure.noAnswer) return `not an answer: "${wrongReply}"`;
  if (kind === Failure.shortReply) return "short reply";
  if (kind === Failure.longReply) return "long reply";
  if (kind === Failure.noLength) return "reply without Content-Length";
  if (kind === Failure.refused) return "refused";
  // A connect that times out says EINPROGRESS (SO_SNDTIMEO in socket(7)).
  return kind === Errno.EAGAIN || kind === Errno.EINPROGRESS ? "timed out" : errnoName(kind);
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
