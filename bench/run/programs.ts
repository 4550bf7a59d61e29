/**
 * The programs of a trial: its server and its load, here or on other machines.
 *
 * @module
 */
import { requireDesign } from "../../servers/designs.ts";
import type { ServerEvent } from "../../servers/host/protocol.ts";
import { newCgroupName } from "../../servers/posix/cgroup.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { transportOf } from "../../servers/transports/transport.ts";
import { type MeasuredAgent, startExternal } from "../agents/external.ts";
import { startAnyLoad } from "../agents/hosts_load.ts";
import { startServerOn } from "../agents/hosts_server.ts";
import { type AnyLoad, LOAD_DEFAULTS } from "../agents/load.ts";
import { type AnyServer, startServer } from "../agents/server.ts";
import { type Counters, readCounters } from "../machine/counters.ts";
import { serviceTime } from "../plan/service_time.ts";
import { workerPatternOf } from "../plan/worker_header.ts";
import { warmUpOf } from "../plan/warm_up.ts";
import type { Plan, Way } from "../record/record.ts";

/** A planned trial. */
export type Planned = Plan["trials"][number];

/** The server of a trial: a design's, here or on another machine, or an external one. */
export type TrialServer =
  & Pick<MeasuredAgent, Exclude<keyof AnyServer, symbol>>
  & AsyncDisposable
  & {
    /** The counters of its machine. If that is this one, these processes of Herd are not what is measured. */
    counters(own: readonly number[]): Promise<Counters>;
  };

/** Starts the server of a trial, a design's or an external one; `onDeath` gets the reason for which a child died. */
export function starterOf(
  planned: Planned,
  plan: Plan,
  outputFolder: string | null,
  onDeath: (reason: string) => void,
): () => Promise<TrialServer> {
  const { design, round, position, load: { bytes }, poolSize } = planned;
  const external = externalIn(plan, design);
  if (external === undefined) return () => startServerOf(planned, plan, onDeath);
  const { limits: { start, stop } } = plan;
  return () =>
    Promise.resolve(withCounters(
      startExternal({
        external,
        workers: poolSize ?? plan.children,
        bytes,
        output: outputFolder && `${outputFolder}/${design}-${round}-${position}.log`,
        limits: { start, stop },
        cgroup: newCgroupName(),
        counters: plan.counters,
        watchEnds: uses(plan, "trace"),
      }, placementOf(plan, "server")),
      plan,
    ));
}

/** Whether connections of workers are to be counted that way, if it works. */
export function uses({ workersBy, sweep }: Pick<Plan, "workersBy" | "sweep">, way: Way): boolean {
  // The table of a sweep has no workers.
  return workersBy.length === 0 ? sweep === null : workersBy.includes(way);
}

/** The external server of that name; undefined: it is a design's. */
export function externalIn({ externals }: Plan, name: string) {
  return externals.find((external) => external.name === name);
}

/** Starts the server of a design, which may be one to trace; `onDeath` gets the reason for which a child died. */
export async function startServerOf(
  { design, poolSize, round, load: { work, wait } }: Planned,
  plan: Plan,
  onDeath: (reason: string) => void = () => {},
  traceable = false,
): Promise<TrialServer> {
  const { children, isPerCore } = requireDesign(design);
  const options = {
    design,
    host: plan.hosts?.address ?? (plan.ipv6 ? "::1" : null),
    // An abstract name, so no file can be left behind.
    path: plan.local ? `@herd-${crypto.randomUUID()}` : null,
    service: plan.service,
    children: isPerCore && plan.sweep?.parameter !== "children" ? null : poolSize ?? plan.children,
    steer: plan.steer,
    policy: plan.policy,
    // The same random times for all designs of a round, and others in the next.
    serviceTime: serviceTime({ ...plan, work, wait, seed: (plan.seed + round) % 2 ** 32 }),
    launch: children === "exec"
      ? { processors: plan.pin.server ?? affinity(), idleSeconds: 0, echo: false, verbose: false }
      : null,
    // If the host is killed, bench removes it.
    cgroup: newCgroupName(),
    counters: plan.counters,
    traceable,
  };
  const placement = placementOf(plan, "server");
  const listen = {
    onEvent: (event: ServerEvent) => {
      if (event.event === "lost" || event.event === "crashing") onDeath(event.reason);
    },
  };
  const { hosts } = plan;
  if (hosts !== null && hosts.server !== null) {
    return await startServerOn(hosts.server, hosts.via, options, placement, listen);
  }
  return withCounters(startServer(options, placement, listen), plan);
}

/** A server here, with the counters of this machine. */
function withCounters<T extends { readonly pids: readonly number[] }>(server: T, plan: Plan) {
  return Object.assign(server, {
    counters: (own: readonly number[]) =>
      Promise.resolve(readCounters(processorsOf(plan), [...own, ...server.pids])),
  });
}

/**
 * Starts the load of a trial, which waits for `connect`. With `owners` it looks up who serves its connections, among
 * the processes below that one.
 */
export function startLoadOf(
  planned: Planned,
  plan: Plan,
  owners: number | null = null,
): Promise<AnyLoad> {
  const { design, round, load: { clients, connections, duration, requests, bytes, think, rate } } =
    planned;
  const external = externalIn(plan, design);
  const { hosts } = plan;
  const on = hosts === null || hosts.clients.length === 0
    ? null
    : { names: hosts.clients, via: hosts.via };
  return startAnyLoad(on, {
    ...LOAD_DEFAULTS,
    sources: null,
    transport: external ? "tcp" : transportOf(requireDesign(design), plan.local),
    target: external?.target ?? null,
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
    workerPattern: external === undefined || plan.workerHeader === null || !uses(plan, "header")
      ? null
      : workerPatternOf(plan.workerHeader),
    owners,
  }, placementOf(plan, "client"));
}

function placementOf({ sessions, pin }: Plan, side: keyof Plan["pin"]) {
  return { session: sessions === "same" ? "same" : "own", processors: pin[side] } as const;
}

/** The processors that the programs of a trial may use. */
function processorsOf({ pin: { server, client } }: Plan): number[] {
  return server && client ? [...new Set([...server, ...client])] : affinity();
}
