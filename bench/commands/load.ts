/**
 * The command `load`: the client by itself, against any server that speaks the protocol.
 *
 * @module
 */
import { BOOK } from "../../clients/book.ts";
import type { LoadReport } from "../../clients/protocol.ts";
import type { TransportName } from "../../servers/design.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { addressText, type ServerAddress } from "../../servers/transports/transport.ts";
import { isTransport, TRANSPORT_NAMES } from "../../servers/transports/transports.ts";
import { startLoad } from "../agents/load.ts";
import { defineCommand } from "../cli/command.ts";
import { processorsOf, type Values } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { userSocket } from "../cli/paths.ts";
import { endWithParent, stopSignal } from "../cli/signals.ts";

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
    default: BOOK.clients,
    min: 1,
    max: 1000,
    help: "clients at the same time",
  },
  connections: {
    kind: "integer",
    value: "N",
    default: BOOK.connections,
    min: 1,
    max: 1_000_000,
    help: "connections each client makes, one after the other",
  },
  bytes: {
    kind: "integer",
    value: "N",
    default: BOOK.bytes,
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
} as const;

export const command = defineCommand({
  name: "load",
  operands: "",
  description: "Load a server: clients × connections × bytes, as in the book.",
  flags,
  async run({ operands, flags }) {
    if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
    const { name, where } = target(flags);
    const processors = flags.pin === undefined ? null : processorsOf("pin", flags.pin, affinity());
    endWithParent();
    const stopped = stopSignal();
    await using load = startLoad({
      ...where,
      path: where.path ?? null,
      transport: name,
      clients: flags.clients,
      connections: flags.connections,
      bytes: flags.bytes,
      warmUpConnections: flags.warmup,
      thinkMilliseconds: flags.think,
      timeoutSeconds: flags.timeout,
    }, { session: "same", processors });
    const report = await Promise.race([finish(load), stopped]);
    if (report === "stopped") return ExitCode.interrupted;
    if (flags.json) printEvent({ event: "report", ...report });
    else printReport(report, flags, where);
    return Object.keys(report.errors).length === 0 ? ExitCode.ok : ExitCode.failed;
  },
});

async function finish(load: ReturnType<typeof startLoad>): Promise<LoadReport> {
  await load.next("ready");
  await load.send({ request: "go" });
  return (await load.next("report")).report;
}

/** Where the server is, and how it is reached. @throws {UsageError} where that is not said. */
function target(
  { port, host = "127.0.0.1", path, transport }: Values<typeof flags>,
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
  if (name === "tcp" && port === 0) {
    throw new UsageError("Missing port: write deno task load --port PORT, or --path PATH");
  }
  if (name !== "tcp" && path === undefined) {
    throw new UsageError(`Missing path: write deno task load --path PATH --transport ${name}`);
  }
  return { name, where: { host, port, path: path && userSocket(path) } };
}

function printReport(
  report: LoadReport,
  flags: { clients: number; connections: number; bytes: number },
  where: ServerAddress,
): void {
  const { connections, errors, wallSeconds, connectionsPerSecond, cpu, latency } = report;
  const ms = (seconds: number) => `${(seconds * 1000).toFixed(3)} ms`;
  const failures = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`);
  printLine([
    `${flags.clients} clients × ${flags.connections} connections × ${flags.bytes} bytes ` +
    `to ${addressText(where)}`,
    `connections  ${connections} in ${wallSeconds.toFixed(3)} s, ${
      connectionsPerSecond.toFixed(0)
    } a second`,
    `errors       ${failures.join(", ") || "none"}`,
    `latency      p50 ${ms(latency.p50)}, p99 ${ms(latency.p99)}, max ${ms(latency.max)}`,
    `client CPU   ${cpu.total.toFixed(3)} s`,
  ].join("\n"));
}
