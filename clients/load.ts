/**
 * Command: the client by itself, against any host that speaks the protocol. Clients are forked
 * processes that wait for each other and then start at once.
 *
 * @module
 */
import {
  type Command,
  Exit,
  ownerFlags,
  type Parsed,
  printEvent,
  printLine,
  runCommand,
  UsageError,
  userSocket,
  type Values,
} from "../servers/cli.ts";
import { Errno, errnoName } from "../servers/posix/errors.ts";
import { Poller } from "../servers/posix/descriptors.ts";
import { fork, requireFork } from "../servers/posix/fork.ts";
import { shareMemory } from "../servers/posix/memory.ts";
import { settle } from "../servers/host/owner.ts";
import { dieWithParent, getpid, getppid, reapOne, wait } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { close, pipe, read, timeLimit, write } from "../servers/posix/sockets.ts";
import {
  Failure,
  isTransport,
  tellWhere,
  TRANSPORT_NAMES,
  type TransportName,
  transports,
  type Where,
} from "../servers/transports/transport.ts";
import { Ledger, runClient, type Task, warmUp } from "./client.ts";

const STDIN = 0;

/** What a load came to. */
export interface LoadReport {
  /** Connections answered in full. */
  readonly connections: number;
  /** Connections that failed, by kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** From the first client's start to the last one's end. */
  readonly wallSeconds: number;
  readonly connectionsPerSecond: number;
  /** CPU seconds of all clients. */
  readonly cpu: { readonly user: number; readonly system: number; readonly total: number };
  /** Seconds that a connection took, from connect to the end of its reply. */
  readonly latency: {
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
    /** HdrHistogram of microseconds, V2 compressed, base64. */
    readonly histogram: string;
  };
}

const flags = {
  port: {
    kind: "integer",
    value: "PORT",
    default: 0,
    min: 1,
    max: 65535,
    help: "port of a server",
  },
  host: { kind: "string", value: "HOST", help: "name or address (default 127.0.0.1)" },
  path: { kind: "string", value: "PATH", help: "path of a local server, in place of a port" },
  transport: {
    kind: "string",
    value: "NAME",
    help: `how it is reached: ${TRANSPORT_NAMES.join(", ")} (default tcp; with --path unix)`,
  },
  clients: {
    kind: "integer",
    value: "N",
    default: 10,
    min: 1,
    max: 1000,
    help: "clients at the same time",
  },
  connections: {
    kind: "integer",
    value: "N",
    default: 500,
    min: 1,
    max: 1_000_000,
    help: "connections each client makes, one after the other",
  },
  bytes: {
    kind: "integer",
    value: "N",
    default: 4000,
    min: 1,
    max: 16 * 1024 * 1024,
    help: "bytes to ask for on each connection",
  },
  timeout: {
    kind: "integer",
    value: "SECONDS",
    default: 10,
    min: 1,
    max: 3600,
    help: "how long a connection may stand still",
  },
  warmup: {
    kind: "integer",
    value: "N",
    default: 0,
    min: 0,
    max: 1_000_000,
    help: "connections each client makes before, which do not count",
  },
  think: {
    kind: "integer",
    value: "MS",
    default: 0,
    min: 0,
    max: 60_000,
    help: "what a client waits between two connections",
  },
  pin: { kind: "string", value: "0,2-3", help: "confine it to these processors" },
  json: { kind: "boolean", help: "one JSON object a line" },
  ...ownerFlags,
} as const;

const command: Command<typeof flags> = {
  name: "load",
  operands: "",
  description: "Load a server: clients × connections × bytes, as in the book.",
  flags,
};

async function load({ operands, flags }: Parsed<typeof command.flags>): Promise<number> {
  if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
  const { name, where } = target(flags);
  dieWithParent(flags.owner || getppid(), Signal.KILL);
  settle(flags);
  const limit = timeLimit(flags.timeout);
  const transport = await transports[name]();
  const task = {
    client: transport.client(where, flags.bytes, limit),
    connections: flags.connections,
    thinkMilliseconds: flags.think,
  };
  requireFork();
  // What a client does over TCP it does over a Unix socket, and that leaves no ports in TIME_WAIT.
  warmUp(name === "tcp" ? await transports.unix() : transport, limit);
  const clients = startClients(task, flags.clients, flags.warmup);
  if (flags.owner) {
    printEvent({ event: "ready" });
    read(STDIN, new Uint8Array(16));
  }
  clients.release();
  const ledgers = clients.finish();
  if (flags.owner) printEvent({ event: "finished" });
  const report = await tell(ledgers);
  if (flags.json) printEvent({ event: "report", ...report });
  else printReport(report, flags, where);
  return Object.keys(report.errors).length === 0 ? Exit.fine : Exit.failed;
}

/** Where the server is, and how it is reached. @throws {UsageError} where that is not said. */
function target(
  { port, host = "127.0.0.1", path, transport }: Values<typeof flags>,
): { name: TransportName; where: Where } {
  const name = transport ?? (path === undefined ? "tcp" : "unix");
  if (!isTransport(name)) {
    throw new UsageError(
      `Unknown transport "${name}": write --transport ${TRANSPORT_NAMES.join(", ")}`,
    );
  }
  if (name === "tcp" && path !== undefined) {
    throw new UsageError("Cannot reach a path over TCP: leave out --transport, or --path");
  }
  if (name === "tcp" && port === 0) {
    throw new UsageError("Missing port: write deno task load --port PORT, or --path PATH");
  }
  if (name !== "tcp" && path === undefined) {
    throw new UsageError(`Missing path: write deno task load --path PATH --transport ${name}`);
  }
  return { name, where: { host, port, path: path && userSocket(path) } };
}

/** The load cannot be made; the command ends with exit code 3. */
export class LoadError extends Error {
  override name = "LoadError";
}

/** Forked clients that are ready and wait to be released. */
interface Clients {
  /** Lets all of them start. */
  release(): void;
  /** Waits for all of them. */
  finish(): readonly Ledger[];
}

/** How often to see whether all clients still live that are not ready yet. */
const LOOK_MS = 100;

function startClients(task: Task, count: number, warmup: number): Clients {
  const memory = shareMemory(count * Ledger.bytes(task.connections)).buffer;
  const ledgers = Array.from({ length: count }, (_, i) => new Ledger(memory, i, task.connections));
  const [readyEnd, ready] = pipe();
  const [gate, gateKeeper] = pipe();
  const parent = getpid();
  const before = { ...task, connections: warmup, thinkMilliseconds: 0 };
  const unread = new Ledger(new ArrayBuffer(Ledger.bytes(warmup)), 0, warmup);
  const byte = new Uint8Array(1);
  for (const ledger of ledgers) {
    fork(() => {
      dieWithParent(parent, Signal.KILL);
      close(gateKeeper);
      runClient(before, unread);
      write(ready, byte, 1);
      read(gate, byte); // ends when the last copy of the other end is closed
      runClient(task, ledger);
    });
  }
  close(gate);
  close(ready);
  const poller = new Poller([readyEnd]);
  for (let waiting = count; waiting > 0;) {
    if (poller.wait(LOOK_MS)) waiting -= read(readyEnd, new Uint8Array(waiting));
    if (reapOne()) throw new LoadError("Cannot start the clients: one of them died");
  }
  return {
    release: () => close(gateKeeper),
    finish: () => {
      for (let left = count; left > 0; left--) {
        const end = wait();
        if (end?.code !== 0) throw new LoadError("Cannot finish the load: a client died");
      }
      return ledgers;
    },
  };
}

async function tell(ledgers: readonly Ledger[]): Promise<LoadReport> {
  // Only now: loaded before the forks, it would make them dearer.
  const hdr = await import("hdr-histogram-js");
  const histogram = hdr.build({ numberOfSignificantValueDigits: 3, autoResize: true });
  const errors: Record<string, number> = {};
  for (const ledger of ledgers) {
    // The histogram counts from 1: a connection takes longer than a microsecond.
    for (const ms of ledger.latencies) histogram.recordValue(Math.max(1, Math.round(ms * 1000)));
    for (const [kind, count] of ledger.errors) {
      errors[errorName(kind)] = (errors[errorName(kind)] ?? 0) + count;
    }
  }
  // A percentile is the upper end of a bucket, which may lie beyond the largest value in it.
  const percentile = (which: number) =>
    Math.min(histogram.getValueAtPercentile(which), histogram.maxValue) / 1e6;
  const connections = sum(ledgers, (ledger) => ledger.latencies.length);
  const start = Math.min(...ledgers.map(({ span: [start] }) => start));
  const end = Math.max(...ledgers.map(({ span: [, end] }) => end));
  const wallSeconds = (end - start) / 1000;
  const [user, system] = [sum(ledgers, (l) => l.cpu.user), sum(ledgers, (l) => l.cpu.system)];
  return {
    connections,
    errors,
    wallSeconds,
    connectionsPerSecond: connections / wallSeconds,
    cpu: { user, system, total: sum(ledgers, (ledger) => ledger.cpu.total) },
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

function printReport(
  report: LoadReport,
  flags: { clients: number; connections: number; bytes: number },
  where: Where,
): void {
  const { connections, errors, wallSeconds, connectionsPerSecond, cpu, latency } = report;
  const ms = (seconds: number) => `${(seconds * 1000).toFixed(3)} ms`;
  const failures = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`);
  printLine([
    `${flags.clients} clients × ${flags.connections} connections × ${flags.bytes} bytes ` +
    `to ${tellWhere(where)}`,
    `connections  ${connections} in ${wallSeconds.toFixed(3)} s, ${
      connectionsPerSecond.toFixed(0)
    } a second`,
    `errors       ${failures.join(", ") || "none"}`,
    `latency      p50 ${ms(latency.p50)}, p99 ${ms(latency.p99)}, max ${ms(latency.max)}`,
    `client CPU   ${cpu.total.toFixed(3)} s`,
  ].join("\n"));
}

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, load));
