/**
 * The command `load`: loads any server that speaks the book's protocol.
 *
 * @module
 */
import { REFUSALS } from "../../clients/client.ts";
import { LATE_MS, REFUSED_MS } from "../../clients/open_loop.ts";
import { requirePorts } from "../../clients/ports.ts";
import type { HostLoad, LoadOptions, LoadReport } from "../../clients/protocol.ts";
import type { TransportName } from "../../servers/design.ts";
import { ExitCode, UnsupportedError, UsageError } from "../../servers/errors.ts";
import { loopbackHost } from "../../servers/posix/network.ts";
import { affinity, descriptorLimit } from "../../servers/posix/processes.ts";
import { addressText, type ServerAddress } from "../../servers/transports/transport.ts";
import { isTransport, TRANSPORT_NAMES } from "../../servers/transports/transports.ts";
import { startAnyLoad } from "../agents/hosts_load.ts";
import { hostsIn } from "../agents/places.ts";
import { type AnyLoad, LOAD_DEFAULTS } from "../agents/load.ts";
import { defineCommand } from "../cli/command.ts";
import { processorsOf, type Values } from "../cli/flags.ts";
import { hostFlags } from "../cli/host_flags.ts";
import {
  arrivalsOf,
  count,
  loadFlags,
  randomSeed,
  requireOneEnd,
  runFlags,
  serviceOf,
} from "../cli/options.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { userSocket } from "../cli/paths.ts";
import { endWithParent, stopSignal } from "../cli/signals.ts";
import { hostsHints, serviceHints } from "../cli/hints.ts";
import { backlogLimit, kernelSince, readCounters } from "../machine/counters.ts";
import { requireService } from "../plan/service.ts";
import { LIMITS, type Trial } from "../record/record.ts";
import { isKnown } from "../statistics/percentiles.ts";

const { clients, connections, duration, requests, bytes, service, think, rate, arrivals } =
  loadFlags;
const { hosts, via } = hostFlags;

const flags = {
  port: {
    kind: "integer",
    value: "PORT",
    min: 1,
    max: 65535,
    help: "Connect to PORT (required without --path)",
  },
  host: {
    kind: "string",
    value: "HOST",
    help: "Connect to HOST, a name or address (default: 127.0.0.1, or ::1 without IPv4)",
  },
  url: {
    kind: "string",
    value: "URL",
    help: "Get http://HOST:PORT/PATH over HTTP, whatever its size, from any server",
  },
  path: { kind: "string", value: "PATH", help: "Connect to the local server at PATH instead" },
  transport: {
    kind: "string",
    value: TRANSPORT_NAMES.join("|"),
    help: "Connect over this transport (default tcp; with --path unix)",
  },
  clients,
  connections,
  duration,
  requests,
  bytes,
  service: {
    ...service,
    help: "Ask for the book's lines, or over HTTP for /bytes/N (default bytes)",
  },
  think,
  rate,
  arrivals,
  seed: { ...runFlags.seed, help: "Use N as the seed of the Poisson process (default: random)" },
  timeout: count(
    LIMITS.request,
    [1, 3600],
    "Give up a connection after SECONDS without progress",
    "SECONDS",
  ),
  warmup: {
    ...count(0, [0, 1_000_000], "First make N connections with each client that do not count"),
    zero: "none",
  },
  pin: { kind: "string", value: "0,2-3", help: "Confine the clients to these processors" },
  hosts,
  via,
  json: { kind: "boolean", help: "Print the report as a JSON object" },
} as const;

export const command = defineCommand({
  name: "load",
  operands: "",
  description:
    "Load a server: clients × connections × requests × bytes; one request each, as in the book.",
  examples: [
    ["Load a server with the book's load", "--port 8888"],
    [
      "Load it with 1000 connections a second, whatever it answers",
      "--port 8888 --rate 1000 --clients 100",
    ],
    [
      "Load it with clients that wait, and print one JSON object",
      "--port 8888 --clients 50 --connections 1k --think 2ms --json",
    ],
    ["Load an HTTP server", "--url http://127.0.0.1:8080/index.html --requests 100"],
  ],
  flags,
  exits: ["failed", "unsupported", "interrupted"],
  hints: { ...serviceHints, ...hostsHints, path: "write --port, or leave out --hosts" },
  async run({ operands, flags: given, given: names }) {
    if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
    const { target, ...flags } = given.url === undefined
      ? { ...given, target: null }
      : { ...given, ...ofUrl(given.url, names) };
    requireOneEnd(names);
    const { name, where } = serverOf(flags);
    const service = target === null ? serviceOf(flags.service) : "http";
    requireService({ transport: name }, { ...flags, service });
    if (flags.rate > 0) requireDescriptors(flags.clients);
    const processors = flags.pin === undefined ? null : processorsOf("pin", flags.pin, affinity());
    const work = {
      clients: flags.clients,
      connections: flags.duration === undefined ? flags.connections : null,
      limitSeconds: flags.duration ?? 0,
      requests: flags.requests,
      bytes: flags.bytes,
      service,
      target,
      warmUpConnections: flags.warmup,
      thinkMilliseconds: flags.think,
      rate: flags.rate,
      arrivals: arrivalsOf(flags.arrivals, flags.rate),
      seed: flags.seed ?? randomSeed(),
      timeoutSeconds: flags.timeout,
      workerPattern: null,
      owners: null,
    };
    const hosts = hostsIn(flags, name);
    const sources = name === "tcp" && hosts === null
      ? requirePorts(work, where.host, where.port)
      : 0;
    endWithParent();
    const stopped = stopSignal();
    const options = { ...LOAD_DEFAULTS, transport: name, ...work, sources };
    const placement = { session: "same", processors } as const;
    const before = readCounters();
    await using starting = new AsyncDisposableStack();
    const started = startAnyLoad(hosts, options, placement).then((load) => starting.use(load));
    const report = await Promise.race([started.then((load) => finish(load, where)), stopped]);
    if (report === "stopped") {
      await started.catch(() => {}); // it is to be ended
      return ExitCode.interrupted;
    }
    if (flags.json) printEvent({ event: "report", ...report });
    else printReport(report, work, where, kernelSince(before, readCounters(), report.connections));
    return Object.keys(report.errors).length === 0 ? ExitCode.ok : ExitCode.failed;
  },
});

async function finish(load: AnyLoad, where: ServerAddress): Promise<LoadReport> {
  // If it has ended already, `next` reports the reason.
  const connect = { request: "connect", ...where, path: where.path ?? null } as const;
  await load.send(connect).catch(() => {});
  await load.next("ready");
  await load.send({ request: "go" });
  return (await load.next("report")).report;
}

/** The address of the server and the transport to it. @throws {UsageError} if the flags are incomplete. */
function serverOf(
  { port, host, path, transport }: Values<typeof flags>,
): { name: TransportName; where: ServerAddress } {
  const name = transport ?? (path === undefined ? "tcp" : "unix");
  if (!isTransport(name)) {
    throw new UsageError(
      `Unknown transport "${name}": write --transport ${TRANSPORT_NAMES.join(", ")}`,
    );
  }
  if (name === "tcp" && path !== undefined) {
    throw new UsageError("Cannot reach a path over TCP: leave out --transport, or --path");
  }
  if (name === "tcp" && port === undefined) {
    throw new UsageError("Missing port: write deno task load --port PORT, or --path PATH");
  }
  if (name !== "tcp" && path === undefined) {
    throw new UsageError(`Missing path: write deno task load --path PATH --transport ${name}`);
  }
  return name === "tcp"
    ? { name, where: { host: host ?? loopbackHost(), port: port! } }
    : { name, where: { host: "localhost", port: 0, path: userSocket(path!) } };
}

/** Flags that a URL replaces. */
const IN_URL = ["host", "port", "path", "transport", "bytes", "service"];

/** Host, port and target of a URL. @throws {UsageError} if it is none of HTTP, or other flags say the same. */
function ofUrl(text: string, given: ReadonlySet<string>) {
  const twice = IN_URL.find((name) => given.has(name));
  if (twice !== undefined) {
    throw new UsageError(`Cannot use --${twice} with --url, which says it: leave out --${twice}`);
  }
  const url = URL.parse(text);
  if (url?.protocol !== "http:" || url.username !== "") {
    throw new UsageError(`Cannot read --url ${text}: write one such as http://127.0.0.1:8080/path`);
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || 80),
    target: url.pathname + url.search,
  };
}

/** Descriptors that the load program has beside its connections, at most. */
const OWN_DESCRIPTORS = 64;

/** Deno has raised the limit as far as it may (its hard limit, setrlimit(2)). */
function requireDescriptors(connections: number): void {
  const [needed, limit] = [connections + OWN_DESCRIPTORS, descriptorLimit()];
  if (needed <= limit) return;
  throw new UnsupportedError(
    `Cannot have ${connections} connections open: that takes ${needed} open files, and a process may have ` +
      `${limit}; write ulimit -n ${needed}, or fewer --clients`,
  );
}

type Work = Omit<LoadOptions, "transport" | "sources" | "placement">;

/** A client that is busy for more of the time than this cannot keep up. */
const BUSY_SHARE = 0.9;

/** What became of a rate. */
function rateLines(
  { openLoop, cpu, wallSeconds }: LoadReport,
  { clients, rate, arrivals, seed }: Work,
): string[] {
  if (openLoop === null) return [];
  const { startedPerSecond, late, unsent, mostOpen } = openLoop;
  const how = arrivals === "even" ? "evenly" : `at random (seed ${seed})`;
  const busy = cpu.total / wallSeconds;
  return [
    `rate         ${startedPerSecond.toFixed(0)} a second of ${rate}, ${how}; ` +
    `up to ${mostOpen} connections open`,
    `late         ${late} started more than ${LATE_MS} ms after they were due, ${unsent} not at all` +
    (late + unsent > 0 && mostOpen === clients ? `: all ${clients} connections were in use` : ""),
    ...(busy > BUSY_SHARE
      ? [
        `client       busy for ${
          (100 * busy).toFixed(0)
        } % of the time: it cannot send faster, and adds to latency`,
      ]
      : []),
  ];
}

/** What the kernel of this machine dropped meanwhile, its server's connections or another's. */
function droppedLines({ listenOverflows, conntrackDrops }: Trial["kernel"]): string[] {
  const again = "; each was tried again after a while";
  return [
    ...(listenOverflows
      ? [
        `${listenOverflows} connections at a full backlog here ` +
        `(net.core.somaxconn is ${backlogLimit()})${again}`,
      ]
      : []),
    ...(conntrackDrops
      ? [`${conntrackDrops} packets here, by a firewall with a full table${again}`]
      : []),
  ].map((what) => `dropped      ${what}`);
}

/** Latency of so many requests; – where they are too few for a percentile. */
function latencyText(
  { p50, p90, p99, p999, max }: LoadReport["latency"],
  requests: number,
): string {
  const ms = (percentile: number, seconds: number | null) =>
    seconds === null || !isKnown(percentile, requests) ? "–" : `${(seconds * 1000).toFixed(3)} ms`;
  return `p50 ${ms(50, p50)}, p90 ${ms(90, p90)}, p99 ${ms(99, p99)}, p99.9 ${ms(99.9, p999)}, ` +
    `max ${(max * 1000).toFixed(3)} ms`;
}

/** The part of one host. */
function hostText(
  { host, clients, connections, wallSeconds, latency, ...clock }: HostLoad,
): string {
  const ms = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
  return `${host.padEnd(12)} ${clients} clients, ${connections} in ${
    wallSeconds.toFixed(3)
  } s, p99 ${ms(latency.p99)}; started ${ms(clock.skewSeconds)} after the first, ± ${
    ms(clock.offsetBoundSeconds)
  }`;
}

function printReport(
  report: LoadReport,
  work: Work,
  where: ServerAddress,
  kernel: Trial["kernel"],
): void {
  const { making, connections, errors, wallSeconds, connectionsPerSecond, cpu, latency } = report;
  const failures = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`);
  const made = Object.values(errors).reduce((sum, count) => sum + count, connections);
  const all = work.connections === null ? null : work.clients * work.connections;
  const isShort = all === null ? wallSeconds < work.limitSeconds : made < all;
  printLine([
    `${work.clients} ${work.rate > 0 ? "at a time" : "clients"} × ` +
    (all === null ? `${work.limitSeconds} s × ` : `${work.connections} connections × `) +
    (work.requests > 1 ? `${work.requests} requests × ` : "") +
    (work.target ?? `${work.bytes} bytes`) +
    ` ${work.service === "http" ? "over HTTP " : ""}to ${addressText(where)}`,
    `connections  ${connections} in ${wallSeconds.toFixed(3)} s, ${
      connectionsPerSecond.toFixed(0)
    } a second`,
    ...(work.requests > 1
      ? [`requests     ${report.requests}, ${(report.requests! / wallSeconds).toFixed(0)} a second`]
      : []),
    ...rateLines(report, work),
    `errors       ${failures.join(", ") || "none"}`,
    ...droppedLines(kernel),
    ...(isShort
      ? [
        `stopped      after ${made} connections ` +
        `${all === null ? `in ${work.limitSeconds} s` : `of ${all}`}` +
        (work.rate === 0
          ? `: each client was refused ${REFUSALS} in a row`
          : `: all were refused for ${REFUSED_MS} ms, or their connection had failed`),
      ]
      : []),
    `latency      ${connections === 0 ? "–" : latencyText(latency, report.requests!)}` +
    (connections === 0 ? "" : work.rate > 0 ? ", from when due" : ", of a closed loop"),
    `client CPU   ${cpu.total.toFixed(3)} s` +
    (making === "worker" ? ", of threads: fork does not work here" : ""),
    ...(report.hosts ?? []).map(hostText),
  ].join("\n"));
}
