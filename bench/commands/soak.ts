/**
 * The command `soak`: every design under load, while its children are killed and clients misbehave; then what
 * was lost, and what is left behind.
 *
 * @module
 */
import type { Design, Making } from "../../servers/design.ts";
import { designs, requireDesign, servesMany, usualService } from "../../servers/designs.ts";
import { isMessages } from "../plan/service.ts";
import { ExitCode, FailedError } from "../../servers/errors.ts";
import type { Listening } from "../../servers/host/protocol.ts";
import { internetAddress } from "../../servers/posix/addresses.ts";
import { newCgroupName } from "../../servers/posix/cgroup.ts";
import { affinity, becomeSubreaper } from "../../servers/posix/processes.ts";
import { SocketType } from "../../servers/posix/sockets.ts";
import { pathAddress } from "../../servers/transports/stream.ts";
import { transportOf } from "../../servers/transports/transport.ts";
import { type LoadAgent, startLoad } from "../agents/load.ts";
import { type ServerAgent, startServer } from "../agents/server.ts";
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { count, randomSeed, runFlags } from "../cli/options.ts";
import { printLine } from "../cli/output.ts";
import { endWithParent, interrupted } from "../cli/signals.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { mulberry32 } from "../../servers/random.ts";
import { numberCell, type Table, textCell } from "../report/tables/table.ts";
import { toTerminal } from "../report/tables/terminal.ts";
import { growth, type Left, memoryOf, NONE, openIn, present } from "./soak_left.ts";
import { killChild, misbehave, pause, type Target } from "./soak_faults.ts";

const flags = {
  seconds: count(
    600,
    [1, 7 * 24 * 3600],
    "Load the designs for SECONDS in all; each takes a few more to start, recover and be checked",
    "SECONDS",
  ),
  seed: { ...runFlags.seed, help: "Use N as the seed of the faults (default: random)" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "soak",
  operands: "[DESIGN…]",
  description:
    "Run the designs (default: all) in turn under load, kill their children at random and send them\n" +
    "clients that reset, stall, trickle, read nothing or send garbage. Print what was lost and left behind.",
  examples: [
    ["All designs, ten minutes", ""],
    ["Two designs, ten seconds each", "prefork-mutex fork-per-client --seconds 20"],
  ],
  flags,
  exits: ["failed", "unsupported", "interrupted"],
  run: soak,
});

const CHILDREN = 4;
const CLIENTS = 4;
const THINK_MS = 1;
/** So that a client who stands still does not stop an iterative server for long. */
const REQUEST_TIMEOUT_SECONDS = 0.1;
/** The mean time between two faults. */
const FAULT_MS = 60;
/** The same where each bad client, too, gets a thread or a program of its own. */
const SLOW_FAULT_MS = 600;
/** The share of kills in the faults: children that are programs take long to start, and are to serve before they die. */
const KILLS: Partial<Record<Making, number>> = { fork: 0.3, subprocess: 0.05, exec: 0.05 };
/** How long a program may take to start, and to finish. */
const PATIENCE_SECONDS = 30;
const MIB = 2 ** 20;

/** What was done to one design, and what came of it. */
export interface Endured {
  readonly design: string;
  connections: number;
  kills: number;
  badClients: number;
  /** Failed connections of the load beyond those that killed children had, and answered ones that nobody counted. */
  lost: number;
  /** Why the server ended by itself; null: it did not. */
  failure: string | null;
  left: Left;
  /** Memory of the server after each third, in bytes. */
  readonly memory: number[];
}

async function soak({ operands, flags }: Options): Promise<number> {
  const chosen = operands.length === 0 ? designs : operands.map(requireDesign);
  const { seconds, seed = randomSeed() } = flags;
  endWithParent();
  becomeSubreaper(); // what a server leaves behind becomes a child of this process
  const signal = interrupted();
  const random = mulberry32(seed);
  const folder = Deno.makeTempDirSync({ dir: "/tmp", prefix: "herd-soak-" });
  using _folder = { [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }) };
  const each = `${chosen.length} × ${Number((seconds / chosen.length).toPrecision(2))} s`;
  console.error(`${each} of load, and a few seconds more for each design; seed ${seed}`);
  const all: Endured[] = [];
  for (const design of chosen) {
    if (signal.aborted) break;
    const before = present(folder);
    const endured = await endure(design, seconds / chosen.length, folder, random);
    const left = await growth(() => present(folder), before);
    left.descriptors += endured.left.descriptors;
    all.push({ ...endured, left });
    console.error(`${all.length} of ${chosen.length}: ${design.id}`);
  }
  printLine(toTerminal(tableOf(all), terminalOptions()).trimEnd());
  if (signal.aborted) {
    console.error(`soak: Interrupted: ${all.length} of ${chosen.length} designs ran`);
    return ExitCode.interrupted;
  }
  const broken = all.filter((endured) => !isWhole(endured)).map(({ design }) => design);
  if (broken.length === 0) {
    printLine("\nNothing was lost, and nothing is left.");
    return ExitCode.ok;
  }
  throw new FailedError(`Something was lost or is left, or a server ended: ${broken.join(", ")}`);
}

/** Whether nothing was lost or left, and the server did not end by itself. */
export function isWhole({ lost, failure, left }: Endured): boolean {
  return lost === 0 && failure === null && Object.values(left).every((count) => count === 0);
}

/** Runs one design under load and faults. */
async function endure(
  design: Design,
  seconds: number,
  folder: string,
  random: () => number,
): Promise<Endured> {
  const endured: Endured = {
    design: design.id,
    connections: 0,
    kills: 0,
    badClients: 0,
    lost: 0,
    failure: null,
    left: NONE,
    memory: [],
  };
  try {
    await using server = startServerOf(design, folder);
    const place = await server.next("ready", PATIENCE_SECONDS);
    await using load = startLoadOf(design, place, seconds);
    await load.next("ready", PATIENCE_SECONDS);
    const before = openIn(server.pids[0]!);
    await load.send({ request: "go" });
    const finished = load.next("finished", seconds + 2 * PATIENCE_SECONDS);
    await injectFaults(design, server.pids[0]!, place, random, seconds, finished, endured);
    const { report: client } = await load.next("report", PATIENCE_SECONDS);
    endured.left = { ...NONE, ...await growth(() => openIn(server.pids[0]!), before) };
    await server.send({ request: "stop" }).catch(() => {});
    const { report, failure } = await server.next("report", PATIENCE_SECONDS);
    endured.connections = client.connections;
    endured.lost = lostOf(design, client, report.children, endured.kills);
    endured.failure = failure ?? await server.failure(PATIENCE_SECONDS);
  } catch (error) {
    endured.failure = (error as Error).message;
  }
  return endured;
}

function startLoadOf(design: Design, place: Listening, limitSeconds: number): LoadAgent {
  return startLoad({
    ...place,
    transport: transportOf(design, place.path !== null),
    service: usualService(design),
    clients: CLIENTS,
    connections: null,
    // The first clients have the runtime open what it keeps.
    warmUpConnections: 5,
    limitSeconds,
    thinkMilliseconds: THINK_MS,
    timeoutSeconds: PATIENCE_SECONDS,
  });
}

function startServerOf(design: Design, folder: string): ServerAgent {
  const { id, children, transport } = design;
  const launch = { processors: affinity(), idleSeconds: 0, echo: false, verbose: false };
  return startServer({
    design: id,
    service: usualService(design),
    children: CHILDREN,
    path: !isMessages(transport) ? null : `${folder}/${id}`,
    requestTimeoutSeconds: REQUEST_TIMEOUT_SECONDS,
    launch: children === "exec" ? launch : null,
    cgroup: newCgroupName(),
  });
}

function targetOf({ transport }: Design, { host, port, path }: Listening): Target {
  return path === null
    ? { address: internetAddress(host, port), type: SocketType.stream }
    : { address: pathAddress(path), type: transport ? SocketType.messages : SocketType.stream };
}

/** Injects faults until the load has finished, and waits for the last bad client. */
async function injectFaults(
  design: Design,
  host: number,
  place: Listening,
  random: () => number,
  seconds: number,
  finished: Promise<unknown>,
  endured: Endured,
): Promise<void> {
  const target = targetOf(design, place);
  let isRunning = true;
  const end = finished.finally(() => isRunning = false);
  const clients = new Set<Promise<void>>();
  const start = performance.now();
  const isSlow = design.lifetime === "client" && design.children !== "fork";
  const mean = isSlow ? SLOW_FAULT_MS : FAULT_MS;
  while (isRunning) {
    await Promise.race([pause(2 * mean * random()), end]);
    const thirds = (performance.now() - start) / (1000 * seconds / 3);
    if (thirds > endured.memory.length + 1) endured.memory.push(memoryOf(host));
    if (random() < (KILLS[design.children] ?? 0)) {
      endured.kills += killChild(host, random);
    } else {
      endured.badClients++;
      const client = misbehave(target, random).finally(() => clients.delete(client));
      clients.add(client);
    }
  }
  await Promise.all(clients);
}

/** Connections lost that no killed child had: of a server of many clients, all of them. */
export function lostOf(
  design: Pick<Design, "children" | "isRing">,
  client: { readonly connections: number; readonly errors: Readonly<Record<string, number>> },
  served: readonly { readonly connections: number | null; readonly requests?: number | null }[],
  kills: number,
): number {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const inFlight = kills * (servesMany(design) ? CLIENTS : 1);
  // Each connection of the load has one request.
  const counts = served.map(({ connections, requests }) => connections ?? requests ?? 0);
  const uncounted = client.connections - sum(counts);
  return Math.max(0, sum(Object.values(client.errors)) - inFlight) + Math.max(0, uncounted);
}

/** A row for each design. */
export function tableOf(all: readonly Endured[]): Table {
  const header = (header: string) => ({ header, field: header });
  return {
    title: "Faults injected, and what they did",
    columns: [
      { ...header("design"), align: "left", key: true },
      ...["connections", "children killed", "bad clients", "connections lost", "processes left"],
      ...["descriptors left", "cgroups left", "files left", "MiB over time"],
    ].map((column) => typeof column === "string" ? header(column) : column),
    rows: all.map(({ design, connections, kills, badClients, lost, left, memory }) => [
      textCell(design),
      ...[connections, kills, badClients].map((count) => numberCell(count, 0)),
      ...[lost, left.processes, left.descriptors, left.cgroups, left.files].map((count) => ({
        ...numberCell(count, 0),
        warn: count > 0,
      })),
      textCell(memory.map((bytes) => (bytes / MIB).toFixed(0)).join(" ")),
    ]),
    footer: [],
    notes: all.flatMap(({ design, failure }) => failure === null ? [] : [`${design}: ${failure}`]),
  };
}
