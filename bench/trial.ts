/**
 * One trial: a server of its own, a load of its own, and the check that nothing was lost.
 *
 * @module
 */
import { findDesign } from "../servers/designs.ts";
import { transportOf } from "../servers/transports/transport.ts";
import type { Report } from "../servers/host/account.ts";
import type { LoadReport } from "../clients/load.ts";
import { checkAccount, imbalance } from "./balance.ts";
import { type Plan, Trial } from "./record.ts";
import { type Event, Subprocess, TimeLimitError } from "./subprocess.ts";
import { kernelSince, machineSince, readCounters } from "./counters.ts";

/** A trial that is planned. */
export type Planned = Plan["trials"][number] & {
  /** Nanoseconds of CPU that the service is to waste on each connection; never in a run on record. */
  readonly extraCpu?: number;
};

/** How a trial is run. Tests have another one. */
export type Executor = (planned: Planned, plan: Plan, signal: AbortSignal) => Promise<Trial>;

/** The fewest connections made before the mark, by all clients together: caches, and V8. */
const WARM_UP = 200;

/**
 * What a child of a pool gets of them. Its first connections are its dearest, since it writes to memory it
 * has shared so far: 300 children with 200 connections before the mark cost three times as much after it.
 */
const WARM_UP_OF_CHILD = 13;

/** A Worker or program for one client is never warm: only who makes them can be. */
const WARM_UP_OF_MAKER = 20;

/** Connections made before the mark of a trial, by all clients together. */
export function warmUpOf(
  { design, load, poolSize }: Pick<Planned, "design" | "load" | "poolSize">,
): number {
  const { lifetime, children } = findDesign(design) ?? {};
  const pool = lifetime === "pool" ? poolSize ?? 0 : 0;
  const wanted = lifetime === "client" && children !== "fork"
    ? WARM_UP_OF_MAKER
    : Math.max(WARM_UP, WARM_UP_OF_CHILD * pool);
  return Math.ceil(wanted / load.clients) * load.clients;
}

/** Runs a trial: start, warm up, mark, load, stop. Never throws: a failure is a trial, too. */
export const runTrial: Executor = async (planned, plan, signal) => {
  const base = { ...planned, startedAt: new Date().toISOString() };
  try {
    const { complaint, ...measured } = await measure(planned, plan, signal);
    // A server that failed says why; what its clients saw of it follows from that.
    const reason = complaint ?? imbalance(planned, measured, plan.netns);
    return fitting({ ...base, ...measured, status: reason === null ? "ok" : "failed", reason });
  } catch (error) {
    const status = error instanceof TimeLimitError ? "dnf" : "failed";
    return { ...base, ...NOTHING, status, reason: (error as Error).message };
  }
};

/** The figures of a trial that has none. */
const NOTHING = {
  cpu: null,
  switches: null,
  emptyWakeups: null,
  pssBytes: null,
  check: null,
  parent: null,
  children: [],
  client: null,
  kernel: { passiveOpens: null, otherTraffic: null },
  machine: null,
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

/** The figures of a trial. */
export type Measured = Pick<Trial, keyof typeof NOTHING>;

async function measure(
  planned: Planned,
  plan: Plan,
  signal: AbortSignal,
): Promise<Measured & { complaint: string | null }> {
  const { limits } = plan;
  await using server = startServer(planned, plan);
  using _server = onAbort(signal, () => server.signal("SIGTERM"));
  const ready = await server.next("ready", limits.start);
  await using load = startLoad(planned, plan, ready);
  using _load = onAbort(signal, () => load.signal("SIGKILL"));
  await load.next("ready", limits.start);

  await server.say("mark");
  await server.next("marked", limits.stop);
  const before = readCounters();
  await load.say("go");
  await load.next("finished", limits.run);
  const after = readCounters();
  const { event: _, ...client } = await load.next("report", limits.run) as unknown as
    & { event: string }
    & LoadReport;
  server.signal("SIGTERM");
  const report = await server.next("report", limits.stop) as unknown as Report;

  const { cpu, switches, parent, children, pssBytes, otherAccount } = report;
  return {
    complaint: await server.complaint(),
    cpu,
    switches,
    emptyWakeups: report.emptyWakeups ?? null,
    pssBytes,
    check: checkAccount(cpu.total, otherAccount),
    parent,
    children: [...children],
    client,
    kernel: plan.local ? NOTHING.kernel : kernelSince(before, after, client.connections),
    machine: machineSince(before, after),
  };
}

/** Starts the server of a trial. */
export function startServer(planned: Planned, plan: Plan): Subprocess {
  const { design, poolSize, extraCpu } = planned;
  return new Subprocess("servers/serve.ts", [
    design,
    // A name that no file has, so that there is none to be left behind.
    ...(plan.local ? [`--path=@herd-${crypto.randomUUID()}`] : []),
    `--children=${poolSize ?? plan.children}`,
    ...(extraCpu ? [`--extra-cpu=${extraCpu}`] : []),
    ...placeOf(plan, "server"),
  ]);
}

/** Starts the load of a trial; its clients wait for a word. */
export function startLoad(planned: Planned, plan: Plan, { port, path }: Event): Subprocess {
  const { design, load: { clients, connections, bytes, think } } = planned;
  const transport = transportOf(findDesign(design)!, plan.local);
  return new Subprocess("clients/load.ts", [
    ...(plan.local ? [`--path=${path}`] : [`--port=${port}`]),
    `--transport=${transport}`,
    `--clients=${clients}`,
    `--connections=${connections}`,
    `--bytes=${bytes}`,
    `--think=${think}`,
    `--timeout=${plan.limits.request}`,
    `--warmup=${warmUpOf(planned) / clients}`,
    ...placeOf(plan, "client"),
  ]);
}

function placeOf({ sessions, pin }: Plan, side: keyof Plan["pin"]): string[] {
  return [
    ...(sessions === "same" ? ["--same-session"] : []),
    ...(pin[side] ? [`--pin=${pin[side].join(",")}`] : []),
  ];
}

/** Does something where the signal aborts while this is not disposed of. */
export function onAbort(signal: AbortSignal, end: () => void): Disposable {
  signal.addEventListener("abort", end);
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", end) };
}
