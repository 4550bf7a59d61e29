/**
 * One trial: a server, a load, and the check that nothing was lost.
 *
 * @module
 */
import type { Report } from "../../servers/host/account.ts";
import { TimeLimitError } from "../agents/agent.ts";
import { kernelSince, machineSince } from "../machine/counters.ts";
import { SuspensionWatch } from "../machine/suspension.ts";
import { type Plan, Trial, type Workers } from "../record/record.ts";
import { checkAccount, imbalance } from "./balance.ts";
import {
  externalIn,
  type Planned,
  starterOf,
  startLoadOf,
  type TrialServer,
  uses,
} from "./programs.ts";
import { forgetConnections } from "./time_wait.ts";
import { untilClosed, workersOf } from "./workers.ts";

export type { Planned };

/** Runs a trial. Tests use their own. */
export type Executor = (planned: Planned, plan: Plan, signal: AbortSignal) => Promise<Trial>;

/**
 * Runs a trial: start, warm up, mark, load, stop. It never throws: a failure is recorded as a trial.
 *
 * @param outputFolder where files of what external servers print are kept; null: they are not.
 */
export async function runTrial(
  planned: Planned,
  plan: Plan,
  signal: AbortSignal,
  outputFolder: string | null = null,
): Promise<Trial> {
  const start = performance.now();
  const base = { ...planned, startedAt: new Date().toISOString(), seconds: null };
  const since = () => ({ seconds: (performance.now() - start) / 1000 });
  const deaths: string[] = [];
  try {
    const start = starterOf(planned, plan, outputFolder, (reason) => deaths.push(reason));
    const { failure, lastLine, ...measured } = await measure(planned, plan, signal, start);
    // The failure of a server explains what its clients saw.
    const reason = failure ?? withLine(
      lastLine,
      imbalance(planned, measured, {
        isAlone: plan.netns,
        deaths,
        limitSeconds: plan.limits.run,
      }),
    );
    const status = reason === null ? "ok" : "failed";
    return fitting({ ...base, ...since(), ...measured, status, reason });
  } catch (error) {
    const status = error instanceof TimeLimitError ? "dnf" : "failed";
    const { message } = error as Error;
    const reason = deaths.length === 0 ? message : `${message}; a child died: ${deaths[0]}`;
    return { ...base, ...since(), ...NOTHING, status, reason };
  }
}

/** A reason with the last line that an external server has printed. */
function withLine(line: string | undefined, reason: string | null): string | null {
  return reason === null || line === undefined ? reason : `${reason}; the server printed ${line}`;
}

/** The measurements of a trial without any. */
const NOTHING = {
  cpu: null,
  switches: null,
  pssBytes: null,
  memory: null,
  check: null,
  events: null,
  preparation: null,
  shortages: null,
  parent: null,
  children: [],
  workers: null,
  client: null,
  kernel: {
    passiveOpens: null,
    otherTraffic: null,
    listenOverflows: null,
    listenDrops: null,
    retransmittedSegments: null,
    conntrackDrops: null,
  },
  machine: null,
};

/**
 * The trial, or a failed one without measurements if it does not fit the schema: a single unreadable line
 * would make the whole record unreadable.
 */
export function fitting(trial: Trial): Trial {
  const [issue] = Trial.safeParse(trial).error?.issues ?? [];
  if (issue === undefined) return trial;
  const reason = trial.reason ?? `${issue.path.join(".")} cannot be: ${issue.message}`;
  return { ...trial, ...NOTHING, status: "failed", reason };
}

/** The measurements of a trial. */
export type Measured = Pick<Trial, keyof typeof NOTHING>;

/**
 * Seconds that the program of an external server has beside that server's limits, to start by itself and to kill a server
 * that does not end.
 */
const OWN_SECONDS = 5;

async function measure(
  planned: Planned,
  plan: Plan,
  signal: AbortSignal,
  start: () => Promise<TrialServer>,
): Promise<Measured & { failure: string | null; lastLine: string | undefined }> {
  const { limits } = plan;
  const own = externalIn(plan, planned.design) === undefined ? 0 : OWN_SECONDS;
  await using server = await start();
  using _server = onAbort(signal, () => server.signal("SIGTERM"));
  // Both start side by side; the server is the first to say why it cannot.
  await using load = await startLoadOf(planned, plan);
  using _load = onAbort(signal, () => load.signal("SIGKILL"));
  const { host, port, path } = await server.next("ready", limits.start + own);
  await load.send({ request: "connect", host, port, path });
  await load.next("ready", limits.start);

  // A connection is counted when the server closes it.
  const isExternal = externalIn(plan, planned.design) !== undefined;
  const isWatched = isExternal && uses(plan, "trace");
  if (isWatched) await untilClosed(port);
  await server.send({ request: "mark" });
  await server.next("marked", limits.stop);
  const before = await server.counters([Deno.pid, ...load.pids]);
  using suspension = new SuspensionWatch([...server.pids, ...load.pids]);
  await load.send({ request: "go" });
  // A client may be in the middle of a connection.
  await load.next("finished", limits.run + limits.request + limits.stop);
  const after = await server.counters([Deno.pid, ...load.pids]);
  const suspendedSeconds = suspension.seconds;
  const { report: { workers: named, ...client } } = await load.next("report", limits.run);
  if (isWatched) await untilClosed(port);
  // A server that has ended by itself has already sent its report.
  await server.send({ request: "stop" }).catch(() => {});
  const { report, failure } = await server.next("report", limits.stop + own);
  if (!plan.local) forgetConnections(port);

  const {
    cpu,
    switches,
    events,
    preparation,
    shortages,
    parent,
    children,
    pssBytes,
    memory,
    otherAccount,
  } = report;
  return {
    lastLine: report.lastLine,
    failure: failure ?? await server.failure(limits.stop),
    cpu,
    switches,
    pssBytes,
    memory,
    check: checkAccount(cpu.total, otherAccount),
    events,
    preparation,
    shortages,
    parent: parent && { ...parent, threads: parent.threads && [...parent.threads] },
    children: children.map((child) => ({ ...child, threads: child.threads && [...child.threads] })),
    workers: isExternal ? [...workersIn(report, named, client.connections)] : null,
    client,
    kernel: plan.local ? NOTHING.kernel : kernelSince(before, after, client.connections),
    machine: { ...machineSince(before, after), suspendedSeconds },
  };
}

/** The workers of an external server, by each way that worked. */
function* workersIn(
  report: Report<null>,
  named: Readonly<Record<string, number>> | null,
  connections: number,
): Iterable<Workers> {
  const served = report.workers?.served?.map(({ pid, connections }) =>
    [String(pid), connections] as const
  );
  const traced = served && workersOf("trace", new Map(served), connections, report);
  if (traced) yield traced;
  const told = named && workersOf("header", new Map(Object.entries(named)), connections, report);
  if (told) yield told;
}

/** Calls a function when the signal aborts, until it is disposed of. */
export function onAbort(signal: AbortSignal, end: () => void): Disposable {
  signal.addEventListener("abort", end);
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", end) };
}
