/**
 * One trial: a server of its own, a load of its own, and the check that nothing was lost.
 *
 * @module
 */
import type { Report } from "../servers/account.ts";
import { tryReadText } from "../servers/posix/files.ts";
import type { LoadReport } from "../clients/load.ts";
import { type Plan, Trial } from "./record.ts";
import { Subprocess } from "./subprocess.ts";

/** A trial that is planned. */
export type Planned = Plan["trials"][number];

/** How a trial is run. Tests have another one. */
export type Executor = (planned: Planned, plan: Plan, signal: AbortSignal) => Promise<Trial>;

const START_LIMIT_SECONDS = 30;
const RUN_LIMIT_SECONDS = 600;
const STOP_LIMIT_SECONDS = 30;

/** Connections made before the mark, by all clients together: caches, and V8 in a pool's children. */
export const WARM_UP = 200;

/** Runs a trial: start, warm up, mark, load, stop. Never throws: a failure is a trial, too. */
export const runTrial: Executor = async (planned, plan, signal) => {
  const startedAt = new Date().toISOString();
  const base = { ...planned, startedAt };
  try {
    const { complaint, ...measured } = await measure(planned, plan, signal);
    // A server that failed says why; what its clients saw of it follows from that.
    const reason = complaint ?? imbalance(planned, measured);
    return fitting({ ...base, ...measured, status: reason === null ? "ok" : "failed", reason });
  } catch (error) {
    return { ...base, ...NOTHING, status: "failed", reason: (error as Error).message };
  }
};

/** The figures of a trial that has none. */
const NOTHING = {
  cpu: null,
  switches: null,
  parent: null,
  children: [],
  client: null,
  kernel: { passiveOpens: null, otherTraffic: null },
};

/**
 * The trial; where it does not fit its schema, a failed one without figures, since a single line that
 * cannot be read makes the whole record unreadable.
 */
export function fitting(trial: Trial): Trial {
  const [issue] = Trial.safeParse(trial).error?.issues ?? [];
  if (issue === undefined) return trial;
  const reason = trial.reason ?? `${issue.path.join(".")} cannot be: ${issue.message}`;
  return { ...trial, ...NOTHING, status: "failed", reason };
}

type Measured = Pick<Trial, "cpu" | "switches" | "parent" | "children" | "client" | "kernel">;

async function measure(
  planned: Planned,
  plan: Plan,
  signal: AbortSignal,
): Promise<Measured & { complaint: string | null }> {
  const { design, load: { clients, connections, bytes } } = planned;
  await using server = new Subprocess("servers/serve.ts", [
    design,
    `--children=${plan.children}`,
  ]);
  const endServer = () => server.signal("SIGTERM");
  signal.addEventListener("abort", endServer);
  using _server = { [Symbol.dispose]: () => signal.removeEventListener("abort", endServer) };
  const { port } = await server.next("ready", START_LIMIT_SECONDS);

  await using load = new Subprocess("clients/load.ts", [
    `--port=${port}`,
    `--clients=${clients}`,
    `--connections=${connections}`,
    `--bytes=${bytes}`,
    `--warmup=${Math.ceil(WARM_UP / clients)}`,
  ]);
  const endLoad = () => load.signal("SIGKILL");
  signal.addEventListener("abort", endLoad);
  using _load = { [Symbol.dispose]: () => signal.removeEventListener("abort", endLoad) };
  await load.next("ready", START_LIMIT_SECONDS);

  const opensBefore = passiveOpens();
  await server.say("mark");
  await server.next("marked", STOP_LIMIT_SECONDS);
  await load.say("go");
  const { event: _, ...client } = await load.next("report", RUN_LIMIT_SECONDS) as unknown as
    & { event: string }
    & LoadReport;
  const opensAfter = passiveOpens();
  server.signal("SIGTERM");
  const report = await server.next("report", STOP_LIMIT_SECONDS) as unknown as Report;

  const opens = opensBefore === null || opensAfter === null ? null : opensAfter - opensBefore;
  const { cpu, switches, parent, children } = report;
  return {
    complaint: await server.complaint(),
    cpu,
    switches,
    parent,
    children: [...children],
    client,
    kernel: {
      passiveOpens: opens,
      otherTraffic: opens === null ? null : Math.max(0, opens - client.connections),
    },
  };
}

/** Why a trial does not count, or null: what was served must be what was asked for. */
export function imbalance(
  { load }: Pick<Planned, "load">,
  { children, client, kernel }: Pick<Measured, "children" | "client" | "kernel">,
): string | null {
  const wanted = load.clients * load.connections;
  const errors = Object.entries(client!.errors).map(([kind, count]) => `${count} × ${kind}`);
  if (errors.length > 0) return `the clients had errors: ${errors.join(", ")}`;
  if (client!.connections !== wanted) {
    return `the clients made ${client!.connections} connections of ${wanted}`;
  }
  const served = children.reduce((sum, child) => sum + child.connections, 0);
  if (served !== wanted) {
    return `the children served ${served} connections, the clients made ${wanted}`;
  }
  const lost = children.reduce((sum, child) => sum + child.lost, 0);
  if (lost > 0) return `${lost} children died`;
  const rejected = children.reduce((sum, child) => sum + child.rejected, 0);
  if (rejected > 0) return `${rejected} requests were refused`;
  if (kernel.passiveOpens !== null && kernel.passiveOpens < wanted) {
    return `the kernel counted ${kernel.passiveOpens} connections, the clients made ${wanted}`;
  }
  return null;
}

/** Connections that this network namespace has accepted since it was made. */
function passiveOpens(): number | null {
  const lines = (tryReadText("/proc/net/snmp") ?? "").split("\n")
    .filter((line) => line.startsWith("Tcp:")).map((line) => line.split(" "));
  const value = lines[1]?.[lines[0]!.indexOf("PassiveOpens")];
  return value === undefined ? null : Number(value);
}
