/**
 * The workers of external servers, looked up in extra trials that are not measured: who holds the socket of each
 * connection is asked of the kernel while the connection is open.
 *
 * @module
 */
import { UnsupportedError } from "../../servers/errors.ts";
import { watchRefusal } from "../../servers/posix/perf_events.ts";
import type { Plan, Run, Trial } from "../record/record.ts";
import { type Planned, starterOf, startLoadOf } from "./programs.ts";
import { onAbort } from "./trial.ts";
import { workersOf } from "./workers.ts";

/** @throws {UnsupportedError} if connections are to be counted in a way that this machine does not allow. */
export function requireWays({ workersBy }: Pick<Plan, "workersBy">): void {
  const refusal = workersBy.includes("trace") ? watchRefusal() : undefined;
  if (refusal === undefined) return;
  throw new UnsupportedError(
    `Cannot count connections by trace: the kernel refuses (${refusal}); run as root, or write --workers-by sockets`,
  );
}

/** Looks up the workers of each server for which this is asked, or no other way has worked. */
export async function lookUpWorkers(
  plan: Plan,
  trials: readonly Trial[],
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<Run["workers"]> {
  const found: Run["workers"] = [];
  for (const { name } of plan.externals) {
    const valid = trials.filter(({ design, status }) => design === name && status === "ok");
    const isAsked = plan.workersBy.length === 0
      ? plan.sweep === null && valid.every(({ workers }) => (workers ?? []).length === 0)
      : plan.workersBy.includes("sockets");
    if (valid.length === 0 || !isAsked || signal.aborted) continue;
    note(`looking up which process of ${name} serves each connection`);
    try {
      found.push(await lookUp(plan.trials.find(({ design }) => design === name)!, plan, signal));
    } catch (error) {
      note(`cannot look up the workers of ${name}: ${(error as Error).message}`);
    }
  }
  return found;
}

async function lookUp(
  { load, ...planned }: Planned,
  plan: Plan,
  signal: AbortSignal,
): Promise<Run["workers"][number]> {
  if (plan.hosts !== null) throw new Error("clients on other hosts cannot see its processes");
  const extra = { ...planned, load: { ...load, duration: 0, requests: 1, rate: 0 } };
  const { design } = planned;
  const { limits } = plan;
  await using server = await starterOf(extra, plan, null, () => {})();
  using _server = onAbort(signal, () => server.signal("SIGTERM"));
  await using agent = await startLoadOf(extra, plan, server.pids[0]!);
  using _load = onAbort(signal, () => agent.signal("SIGKILL"));
  const { host, port, path } = await server.next("ready", limits.start);
  await agent.send({ request: "connect", host, port, path });
  await agent.next("ready", limits.start);
  await agent.send({ request: "go" });
  const { report: client } = await agent.next("report", limits.run + limits.request + limits.stop);
  await server.send({ request: "stop" });
  const { report } = await server.next("report", limits.stop + limits.start);
  const { connections } = client;
  const counts = new Map(Object.entries(client.workers ?? {}));
  const workers = workersOf("sockets", counts, connections, report);
  if (workers === null) {
    const owned = [...counts.values()].reduce((sum, one) => sum + one, 0);
    throw new Error(`${owned} of ${connections} connections were found at one of its processes`);
  }
  return { design, connections, ...workers };
}
