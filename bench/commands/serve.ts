/**
 * The command `serve`: one server design by itself, like the book's `./serv02 PORT N`.
 *
 * @module
 */
import { BOOK } from "../../clients/book.ts";
import type { Design, ServiceName } from "../../servers/design.ts";
import { isReachable, limitsRequests, requireDesign } from "../../servers/designs.ts";
import { ExitCode, FailedError, UsageError } from "../../servers/errors.ts";
import type { Report } from "../../servers/host/account.ts";
import { linesOf, standardInput } from "../../servers/host/lines.ts";
import type { ServerEvent } from "../../servers/host/protocol.ts";
import { internetAddress, isLoopback } from "../../servers/posix/addresses.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { addressText } from "../../servers/transports/transport.ts";
import { type ServerAgent, startServer } from "../agents/server.ts";
import { defineCommand } from "../cli/command.ts";
import { type Parsed, processorsOf } from "../cli/flags.ts";
import { launchFlags, launchOf, portFlag, requestTimeoutFlag } from "../cli/launch.ts";
import { serviceHints, variantHints } from "../cli/hints.ts";
import { requireService } from "../plan/service.ts";
import { variantsOf } from "../plan/variants.ts";
import { serviceFlag, serviceOf, variantFlags } from "../cli/options.ts";
import { timeFlags, timesOf } from "../cli/service_time.ts";
import { requestTimesText, serviceTime } from "../plan/service_time.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { userSocket } from "../cli/paths.ts";
import { endWithParent, stopSignal } from "../cli/signals.ts";
import { withTaskLimit } from "../plan/preflight.ts";
import { shortageText } from "../report/summary/shortages.ts";
import { LiveView, requireTerminal } from "../cli/watch.ts";

const flags = {
  host: {
    kind: "string",
    value: "HOST",
    help: "Listen on HOST, a name or address (default: 127.0.0.1, or ::1 without IPv4)",
  },
  port: { ...portFlag, help: "Listen on PORT" },
  path: {
    kind: "string",
    value: "PATH",
    help: "Listen at PATH instead, where no other user but root can connect; " +
      "@NAME is an abstract name, where every user of this machine can",
  },
  children: {
    kind: "integer",
    value: "N",
    default: BOOK.children,
    min: 1,
    max: 1000,
    help:
      "Start N children in a pool (slaunch, and event-per-core by default: one for each processor)",
  },
  service: serviceFlag,
  ...variantFlags,
  ...timeFlags,
  "request-timeout": requestTimeoutFlag,
  pin: { kind: "string", value: "0,2-3", help: "Confine the server to these processors" },
  ...launchFlags,
  watch: { kind: "boolean", help: "Show clients and CPU time of each child as they change" },
  json: { kind: "boolean", help: "Print events as JSON lines" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "serve",
  operands: "DESIGN",
  description: "Run one server design until SIGINT (^C) or SIGTERM, then print what it cost.\n" +
    'A line "mark" on standard input resets the account.',
  examples: [
    ["Serve at a port, as the book's serv02", "prefork-shared-accept --port 8888 --children 15"],
    ["Watch the children of a pool at work", "prefork-fd-passing --port 8888 --watch"],
  ],
  flags,
  exits: ["failed", "unsupported"],
  hints: {
    ...serviceHints,
    ...variantHints,
    port: "write another --port, or --port 0 for a free one",
    host: "write --host 0.0.0.0 or :: for all that are, or leave it out",
  },
  async run(parsed) {
    const { options, placement, design } = optionsOf(parsed);
    const { flags } = parsed;
    if (flags.watch && flags.json) {
      throw new UsageError("Cannot watch with --json: write one of them");
    }
    if (flags.watch) requireTerminal("leave out --watch");
    endWithParent();
    const stopped = stopSignal();
    using view = flags.watch
      ? new LiveView(requireDesign(design).isHttp ? "requests" : "clients")
      : undefined;
    await using server = startServer(options, placement, listenerOf(flags.json, view));
    const ready = await Promise.race([server.next("ready"), stopped]).catch((error) => {
      throw withTaskLimit(error, flags.children);
    });
    if (ready !== "stopped") {
      if (ready.path === null) warnOfOthers(ready.host);
      announce(ready, flags.json);
      // A server that has ended takes no requests; its last event says why.
      if (!Deno.stdin.isTerminal()) readMarks(server).catch(() => {});
      view?.start(() => server.send({ request: "counts" }).catch(() => {}));
    }
    stopped.then(() => server.send({ request: "stop" })).catch(() => {});
    const { report, failure } = await server.next("report");
    view?.[Symbol.dispose]();
    if (flags.json) printEvent({ event: "report", ...report });
    else if (ready !== "stopped") printReport(report, flags);
    if (failure === null) return ExitCode.ok;
    throw new FailedError(`${design} failed: ${failure}`);
  },
});

/** The options of the server program. @throws {UsageError} for contradictory flags. */
function optionsOf({ operands, flags, given }: Options) {
  const [id, ...rest] = operands;
  if (id === undefined) throw new UsageError("Missing design: write deno task serve DESIGN");
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one design only`);
  const design = requireDesign(id);
  if (flags.path === undefined && !isReachable(design, false)) {
    throw new UsageError(`Cannot serve ${id} at a port: write deno task serve ${id} --path PATH`);
  }
  if (flags.path !== undefined && !isReachable(design, true)) {
    throw new UsageError(
      `Cannot serve ${id} at a path: it listens at a port only; leave out --path`,
    );
  }
  const other = (["port", "host"] as const).find((name) => given.has(name));
  if (flags.path !== undefined && other !== undefined) {
    throw new UsageError(`Cannot serve at both --${other} and --path: write one of them`);
  }
  const processors = flags.pin === undefined ? null : processorsOf("pin", flags.pin, affinity());
  const options = {
    design: id,
    host: flags.host ?? null,
    port: flags.port,
    path: flags.path === undefined ? null : userSocket(flags.path),
    children: design.isPerCore && !given.has("children") ? null : flags.children,
    ...variantsOf([id], flags),
    service: serviceOfServer(design, flags),
    launch: launchOf(design, flags, given, processors ?? affinity()) ?? null,
    serviceTime: serviceTime({ ...timesOf(flags), seed: 0 }),
    requestTimeoutSeconds: requestTimeoutOf(design, flags["request-timeout"]),
  };
  return { design: id, options, placement: { session: "same", processors } as const };
}

/** Prints what the server reports before its end; live counts go to the view. */
function listenerOf(json: boolean, view: LiveView | undefined) {
  const printNote = view ? (line: string) => view.print(line) : console.error;
  return {
    onText: printLine,
    onEvent: (event: ServerEvent) => {
      if (event.event === "counts") view?.update(event.counts);
      else printChildEvent(event, json, printNote);
    },
  };
}

/** @throws {UsageError} if the server cannot have it. */
function serviceOfServer(design: Design, { service, echo }: Options["flags"]): ServiceName {
  const name = serviceOf(service);
  requireService(design, { service: name });
  if (!echo || service === undefined) return name;
  throw new UsageError("Cannot both echo lines and serve others: write --echo or --service");
}

/** @throws {UsageError} if no client of the design waits for another's. */
function requestTimeoutOf(design: Design, seconds: number): number {
  if (seconds === 0 || limitsRequests(design)) return seconds;
  throw new UsageError(
    `Cannot use --request-timeout with ${design.id}, where nobody waits for a slow client: leave it out`,
  );
}

/** What the server says of a child; undefined where it is nothing to be printed as text. */
function childText(event: ServerEvent): string | undefined {
  if (event.event === "stopped") {
    return `child ${event.index} (process ${event.pid}) is stopped and holds the lock: ` +
      `no other child accepts until kill -CONT ${event.pid}`;
  }
  if (event.event !== "lost" && event.event !== "crashing") return undefined;
  const { event: kind, index, pid, reason } = event;
  // A thread that serves one client has no slot of its own, and no successor.
  const process = pid === 0 ? "" : ` (process ${pid})`;
  const next = kind === "lost" && pid !== 0 ? "; a new one takes its place" : "";
  return `child ${index}${process} died: ${reason}${next}`;
}

function printChildEvent(
  event: ServerEvent,
  json: boolean,
  print: (line: string) => void,
): void {
  const text = childText(event);
  const isOfChild = text !== undefined || event.event === "ended";
  if (event.event === "marked" || json && isOfChild) printEvent({ ...event });
  else if (text !== undefined) print(`serve: ${text}`);
}

/** What others must reach to use a server that listens on this address; undefined if only this machine can. */
export function othersWhoReach(host: string): string | undefined {
  if (isLoopback(internetAddress(host, 0))) return undefined;
  if (host === "0.0.0.0") return "any IPv4 address of this machine";
  return host === "::" ? "any address of this machine" : host;
}

function warnOfOthers(host: string): void {
  const reached = othersWhoReach(host);
  if (reached === undefined) return;
  console.error(
    `Warning: whoever reaches ${reached} over the network can use this server; ` +
      "leave out --host for one that only this machine reaches",
  );
}

function announce(
  { event, design, pid, host, port, path }: Extract<ServerEvent, { event: "ready" }>,
  json: boolean,
): void {
  if (json) printEvent({ event, design, pid, ...(path === null ? { host, port } : { path }) });
  else {
    const where = addressText({ host, port, path: path ?? undefined });
    printLine(`ready: ${design} on ${where} (process ${pid}; ^C ends it)`);
  }
}

async function readMarks(server: ServerAgent): Promise<void> {
  for await (const line of linesOf(standardInput())) {
    if (line.trim() === "mark") await server.send({ request: "mark" });
  }
}

function printReport(
  { cpu, parent, children, shortages }: Report,
  { "request-timeout": timeout, ...times }: Options["flags"],
): void {
  const seconds = (value: number) => value.toFixed(3).padStart(8);
  const timesText = requestTimesText(timesOf(times));
  if (timesText !== null) printLine(timesText);
  printLine(
    `CPU time: ${cpu.total.toFixed(3)} s (user ${cpu.user.toFixed(3)}, system ${
      cpu.system.toFixed(3)
    }; the split is tick-based and only indicative)`,
  );
  printLine("child   clients   CPU s");
  for (const child of children) {
    const { connections, requests } = child;
    const notes = [
      requests !== null && requests > (connections ?? 0) ? `${requests} requests` : "",
      child.rejected > 0 ? `${child.rejected} refused${timeout > 0 ? " or timed out" : ""}` : "",
      child.lost > 0 ? `died ${child.lost}×` : "",
    ].filter((note) => note !== "").join(", ");
    const name = child.pid === null ? "all" : String(child.index);
    const line = `${name.padStart(5)}${(connections ?? "–").toString().padStart(10)}${
      seconds(child.cpu.total)
    }  ${notes}`;
    printLine(line.trimEnd());
  }
  if (parent) printLine(`parent${" ".repeat(9)}${seconds(parent.cpu.total)}`);
  const known = children.flatMap(({ connections }) => connections ?? []);
  const sum = known.length < children.length ? "–" : known.reduce((total, one) => total + one, 0);
  printLine(`total${String(sum).padStart(10)}${seconds(cpu.total)}`);
  if (shortages.count > 0) printLine(`The server ${shortageText(shortages)}`);
}
