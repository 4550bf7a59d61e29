/**
 * One trial: a server, a load, and the check that nothing was lost.
 *
 * @module
 */
import { requireDesign } from "../../servers/designs.ts";
import { newCgroupName } from "../../servers/posix/cgroup.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { transportOf } from "../../servers/transports/transport.ts";
import { TimeLimitError } from "../agents/agent.ts";
import { type LoadAgent, startUnconnected } from "../agents/load.ts";
import { type ServerAgent, startServer } from "../agents/server.ts";
import { kernelSince, machineSince, readCounters } from "../machine/counters.ts";
import { SuspensionWatch } from "../machine/suspension.ts";
import { warmUpOf } from "../plan/warm_up.ts";
import { type Plan, Trial } from "../record/record.ts";
import { checkAccount, imbalance } from "./balance.ts";
import { forgetConnections } from "./time_wait.ts";

/** A planned trial. */
export type Planned = Plan["trials"][number] & {
  /** Nanoseconds of CPU for the service to waste on each connection; never in a recorded run. */
  readonly extraCpu?: number;
};

/** Runs a trial. Tests use their own. */
export type Executor = (planned: Planned, plan: Plan, signal: AbortSignal) => Promise<Trial>;

/** Runs a trial: start, warm up, mark, load, stop. It never throws: a failure is recorded as a trial. */
export const runTrial: Executor = async (planned, plan, signal) => {
  const start = performance.now();
  const base = { ...planned, startedAt: new Date().toISOString(), seconds: null };
  const since = () => ({ seconds: (performance.now() - start) / 1000 });
  const deaths: string[] = [];
  try {
    const { failure, ...measured } = await measure(planned, plan, signal, deaths);
    // The failure of a server explains what its clients saw.
    const reason = failure ?? imbalance(planned, measured, {
      isAlone: plan.netns,
      deaths,
      limitSeconds: plan.limits.run,
    });
    const status = reason === null ? "ok" : "failed";
    return fitting({ ...base, ...since(), ...measured, status, reason });
  } catch (error) {
    const status = error instanceof TimeLimitError ? "dnf" : "failed";
    const { message } = error as Error;
    const reason = deaths.length === 0 ? message : `${message}; a child died: ${deaths[0]}`;
    return { ...base, ...since(), ...NOTHING, status, reason };
  }
};

/** The measurements of a trial without any. */
const NOTHING = {
  cpu: null,
  switches: null,
  pssBytes: null,
  memory: null,
  check: null,
  preparation: null,
  shortages: null,
  parent: null,
  children: [],
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

async function measure(
  planned: Planned,
  plan: Plan,
  signal: AbortSignal,
  deaths: string[],
): Promise<Measured & { failure: string | null }> {
  const { limits } = plan;
  await using server = startServerOf(planned, plan, (reason) => deaths.push(reason));
  using _server = onAbort(signal, () => server.signal("SIGTERM"));
  // Both start side by side; the server is the first to say why it cannot.
  await using load = startLoadOf(planned, plan);
  using _load = onAbort(signal, () => load.signal("SIGKILL"));
  const { host, port, path } = await server.next("ready", limits.start);
  await load.send({ request: "connect", host, port, path });
  await load.next("ready", limits.start);

  await server.send({ request: "mark" });
  await server.next("marked", limits.stop);
  const counters = () => readCounters(processorsOf(plan), [Deno.pid, server.pid, load.pid]);
  const before = counters();
  using suspension = new SuspensionWatch([server.pid, load.pid]);
  await load.send({ request: "go" });
  // A client may be in the middle of a connection.
  await load.next("finished", limits.run + limits.request + limits.stop);
  const after = counters();
  const suspendedSeconds = suspension.seconds;
  const { report: client } = await load.next("report", limits.run);
  // A server that has ended by itself has already sent its report.
  await server.send({ request: "stop" }).catch(() => {});
  const { report, failure } = await server.next("report", limits.stop);
  if (!plan.local) forgetConnections(port);

  const {
    cpu,
    switches,
    preparation,
    shortages,
    parent,
    children,
    pssBytes,
    memory,
    otherAccount,
  } = report;
  return {
    failure: failure ?? await server.failure(limits.stop),
    cpu,
    switches,
    pssBytes,
    memory,
    check: checkAccount(cpu.total, otherAccount),
    preparation,
    shortages,
    parent,
    children: [...children],
    client,
    kernel: plan.local ? NOTHING.kernel : kernelSince(before, after, client.connections),
    machine: { ...machineSince(before, after), suspendedSeconds },
  };
}

/** The processors that the programs of a trial may use. */
function processorsOf({ pin: { server, client } }: Plan): number[] {
  return server && client ? [...new Set([...server, ...client])] : affinity();
}

/** Starts the server of a trial, which may be one to trace; `onDeath` gets the reason for which a child died. */
export function startServerOf(
  { design, poolSize, extraCpu = 0 }: Planned,
  plan: Plan,
  onDeath: (reason: string) => void = () => {},
  traceable = false,
): ServerAgent {
  const { children } = requireDesign(design);
  return startServer(
    {
      design,
      // An abstract name, so no file can be left behind.
      path: plan.local ? `@herd-${crypto.randomUUID()}` : null,
      service: plan.service,
      children: poolSize ?? plan.children,
      steer: plan.steer,
      policy: plan.policy,
      extraCpuNanoseconds: extraCpu,
      launch: children === "exec"
        ? { processors: plan.pin.server ?? affinity(), idleSeconds: 0, echo: false, verbose: false }
        : null,
      // If the host is killed, bench removes it.
      cgroup: newCgroupName(),
      traceable,
    },
    placementOf(plan, "server"),
    {
      onEvent: (event) => {
        if (event.event === "lost" || event.event === "crashing") onDeath(event.reason);
      },
    },
  );
}

/** Starts the load of a trial, which waits for `connect`. */
export function startLoadOf(planned: Planned, plan: Plan): LoadAgent {
  const { design, round, load: { clients, connections, duration, requests, bytes, think, rate } } =
    planned;
  return startUnconnected({
    transport: transportOf(requireDesign(design), plan.local),
    clients,
    connections: duration > 0 ? null : connections,
    requests,
    service: plan.service,
    bytes,
    limitSeconds: plan.limits.run,
    thinkMilliseconds: think,
    rate,
    arrivals: plan.arrivals,
    // The same times for all designs of a round.
    seed: (plan.seed + round) >>> 0,
    timeoutSeconds: plan.limits.request,
    warmUpConnections: warmUpOf(planned) / clients,
  }, placementOf(plan, "client"));
}

function placementOf({ sessions, pin }: Plan, side: keyof Plan["pin"]) {
  return { session: sessions === "same" ? "same" : "own", processors: pin[side] } as const;
}

/** Calls a function when the signal aborts, until it is disposed of. */
export function onAbort(signal: AbortSignal, end: () => void): Disposable {
  signal.addEventListener("abort", end);
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", end) };
}
