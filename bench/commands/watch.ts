/**
 * The command `watch`: the live view of a running server, whoever started it.
 *
 * @module
 */
import type { LoadReport } from "../../clients/protocol.ts";
import { ExitCode, FailedError, UsageError } from "../../servers/errors.ts";
import { type LoadAgent, startLoad } from "../agents/load.ts";
import { defineCommand } from "../cli/command.ts";
import type { Parsed, Values } from "../cli/flags.ts";
import { arrivalsOf, loadFlags, randomSeed, serviceOf } from "../cli/options.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { Redrawn, terminalOf } from "../cli/redraw.ts";
import { endWithParent, stopSignal } from "../cli/signals.ts";
import { requireTerminal } from "../cli/watch.ts";
import { processLines, sumOf } from "../cli/watch_processes.ts";
import {
  processName,
  runningAs,
  runningAt,
  RunningServer,
  type ServerSample,
} from "../machine/running.ts";

const { clients, requests, bytes, service, think, rate } = loadFlags;

const flags = {
  pid: {
    kind: "integer",
    value: "N",
    min: 1,
    max: 2 ** 22,
    help: "Watch process N and those below it",
  },
  port: { kind: "integer", value: "PORT", min: 1, max: 65535, help: "Watch the server at PORT" },
  duration: {
    kind: "integer",
    value: "SECONDS",
    min: 1,
    max: 1_000_000,
    help: "End after SECONDS (default: at ^C, or when the server ends)",
  },
  load: { kind: "boolean", help: "Load it, too: with these clients, at 127.0.0.1, until the end" },
  clients,
  requests,
  bytes,
  service,
  target: {
    kind: "string",
    value: "/PATH",
    help: "Ask for /PATH, in place of /bytes/N, over HTTP",
  },
  think,
  rate,
  json: { kind: "boolean", help: "Print each second as a JSON line" },
} as const;

type Options = Parsed<typeof flags>;
type Given = Values<typeof flags>;

export const command = defineCommand({
  name: "watch",
  operands: "",
  description:
    "Watch a server that runs already: connections a second and open ones, CPU time and memory of each of its\n" +
    "processes, every second. Who serves a connection is known to root alone.",
  examples: [
    ["Watch the server at a port", "--port 8080"],
    ["Print a JSON object a second for ten seconds", "--pid 1234 --duration 10 --json"],
    ["Load it as well", "--port 8080 --load --service http --target /index.html --clients 50"],
  ],
  flags,
  exits: ["failed", "unsupported"],
  run: watch,
});

/** Milliseconds between two samples, and between two looks at what the kernel has seen meanwhile. */
const [STEP_MS, LOOK_MS] = [1000, 50];

async function watch({ operands, flags, given }: Options): Promise<number> {
  if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
  requireLoad(flags, given);
  if (!flags.json) requireTerminal("write --json");
  endWithParent();
  const stopped = stopSignal();
  const running = runningOf(flags);
  using server = new RunningServer(running);
  const where = `${processName(running.roots[0]!)} ${
    running.ports.length === 0 ? "" : `at port ${running.ports.join(", ")} `
  }(process ${running.roots.join(", ")})`;
  await using load = flags.load ? loadOf(running.ports, flags) : undefined;
  const report = load && start(load);
  using view = flags.json ? undefined : new Redrawn(terminalOf(Deno.stdout));
  if (server.refusal !== undefined) {
    console.error(
      `Note: who serves how many connections a second is not known here (${server.refusal}): that takes root`,
    );
  }
  const show = (sample: ServerSample) =>
    view ? view.draw(processLines(where, sample, view.columns)) : printSample(sample);
  const end = await sampled(server, show, stopped, flags.duration, report);
  view?.[Symbol.dispose]();
  if (end === "ended") throw new FailedError(`${where} has ended`);
  if (report === undefined || end === "stopped") return ExitCode.ok;
  return printLoad(await report, flags.json);
}

/** @throws {UsageError} for flags of a load without one. */
function requireLoad(flags: Given, given: ReadonlySet<string>): void {
  if (flags.target !== undefined && flags.service !== "http") {
    throw new UsageError("Cannot ask for a target of the book's service: write --service http");
  }
  const others = ["clients", "requests", "bytes", "service", "target", "think", "rate"];
  const other = flags.load ? undefined : others.find((name) => given.has(name));
  if (other === undefined) return;
  throw new UsageError(`Cannot use --${other} without --load: write it, or leave out --${other}`);
}

function runningOf({ pid, port }: Given) {
  if (pid !== undefined && port === undefined) return runningAs(pid);
  if (port !== undefined && pid === undefined) return runningAt(port);
  throw new UsageError("Cannot tell which server to watch: write either --pid or --port");
}

/** Shows a sample each second, until the server ends, or something else. */
async function sampled(
  server: RunningServer,
  show: (sample: ServerSample) => void,
  stopped: Promise<"stopped">,
  seconds: number | undefined,
  report: Promise<LoadReport> | undefined,
): Promise<"ended" | "stopped" | "over"> {
  const over = Promise.race([
    stopped,
    ...(report ? [report.then(() => "over" as const)] : []),
    ...(seconds === undefined || report ? [] : [pause(1000 * seconds, "over" as const)]),
  ]);
  const looking = setInterval(() => server.look(), LOOK_MS);
  try {
    for (;;) {
      const end = await Promise.race([over, pause(STEP_MS, undefined)]);
      const sample = server.sample();
      if (sample) show(sample);
      else return "ended";
      if (end !== undefined) return end;
    }
  } finally {
    clearInterval(looking);
  }
}

function pause<T>(milliseconds: number, value: T): Promise<T> {
  return new Promise((resolve) => {
    Deno.unrefTimer(setTimeout(() => resolve(value), milliseconds));
  });
}

function printSample(sample: ServerSample): void {
  const { seconds, waiting, processes } = sample;
  const connections = sumOf(processes, ({ connections }) => connections);
  printEvent({
    event: "sample",
    at: new Date().toISOString(),
    seconds,
    connectionsPerSecond: connections && connections / seconds,
    open: sumOf(processes, ({ open }) => open),
    waiting,
    cpuSeconds: sumOf(processes, ({ cpuSeconds }) => cpuSeconds),
    memoryBytes: sumOf(processes, ({ memoryBytes }) => memoryBytes),
    processes,
  });
}

/** The load of the first port, which has no end but that of the duration. */
function loadOf(ports: readonly number[], flags: Given): LoadAgent {
  const [port] = ports;
  if (port === undefined) throw new UsageError("Cannot load a server without a port: write --port");
  const { clients, requests, bytes, think, rate, target = null, duration = 0 } = flags;
  return startLoad({
    host: "127.0.0.1",
    port,
    clients,
    connections: null,
    requests,
    bytes,
    service: serviceOf(flags.service),
    target,
    thinkMilliseconds: think,
    rate,
    arrivals: arrivalsOf(undefined, rate),
    seed: randomSeed(),
    limitSeconds: duration,
  });
}

async function start(load: LoadAgent): Promise<LoadReport> {
  await load.next("ready");
  await load.send({ request: "go" });
  return (await load.next("report")).report;
}

function printLoad(report: LoadReport, json: boolean): number {
  const { connections, connectionsPerSecond, latency: { p50, p99 }, errors } = report;
  const failed = Object.entries(errors).map(([kind, count]) => `${count} × ${kind}`);
  if (json) printEvent({ event: "report", ...report });
  else {
    printLine(
      `${connections} connections, ${connectionsPerSecond.toFixed(0)} a second, p50 ${
        (1e6 * p50).toFixed(0)
      } µs, p99 ${(1e6 * p99).toFixed(0)} µs`,
    );
  }
  if (failed.length === 0) return ExitCode.ok;
  console.error(`The clients had errors: ${failed.join(", ")}`);
  return ExitCode.failed;
}
