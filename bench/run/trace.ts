/**
 * The system calls of a design, counted in an extra trial that is not measured, since tracing makes each call
 * many times slower.
 *
 * @module
 */
import { childrenOf } from "../../servers/posix/files.ts";
import { tcpSocketsOn, TcpState } from "../../servers/posix/tcp_table.ts";
import { UnsupportedError } from "../../servers/errors.ts";
import type { Plan, Trace } from "../record/record.ts";
import { attachTracer, type Program, RefusedError } from "./tracer.ts";
import { startLoadOf, startServerOf } from "./programs.ts";
import { onAbort, type Planned } from "./trial.ts";

/** Enough connections to count calls per connection. */
const CONNECTIONS = 200;

/** Limit of a load; with a tracer a connection takes milliseconds. */
const LIMIT_SECONDS = 120;

/**
 * Traces every design of a plan; none, with a note, where the tracer may not.
 *
 * @throws {UnsupportedError} if there is no tracer.
 */
export async function traceDesigns(
  plan: Plan,
  note: (text: string) => void,
  signal: AbortSignal,
  programs?: readonly Program[],
): Promise<Trace[]> {
  const traces: Trace[] = [];
  const externals = plan.externals.map(({ name }) => name);
  if (externals.length > 0) note(`tracing designs of Herd's only, not ${externals.join(", ")}`);
  for (const design of plan.designs.filter((id) => !externals.includes(id))) {
    if (signal.aborted) break;
    note(`tracing ${design}`);
    const first = plan.trials.find((planned) => planned.design === design)!;
    try {
      traces.push(await traceTrial(lighter(first), plan, signal, programs));
    } catch (error) {
      if (error instanceof UnsupportedError) throw error;
      if (error instanceof RefusedError) {
        note(error.message);
        break;
      }
      note(`cannot trace ${design}: ${(error as Error).message}`);
    }
  }
  return traces;
}

function lighter(planned: Planned): Planned {
  const { load } = planned;
  const connections = Math.ceil(CONNECTIONS / load.clients);
  return { ...planned, load: { ...load, duration: 0, connections } };
}

async function traceTrial(
  planned: Planned,
  plan: Plan,
  signal: AbortSignal,
  programs?: readonly Program[],
): Promise<Trace> {
  const { design, load: { clients, connections } } = planned;
  await using server = await startServerOf(planned, plan, undefined, true);
  using _server = onAbort(signal, () => server.signal("SIGTERM"));
  await using load = await startLoadOf(planned, plan);
  using _load = onAbort(signal, () => load.signal("SIGKILL"));
  const { host, port, path } = await server.next("ready", plan.limits.start);
  await load.send({ request: "connect", host, port, path });
  await load.next("ready", plan.limits.start);
  await using tracer = await attachTracer(serversOf(server.pids[0]!), programs);
  await load.send({ request: "go" });
  await load.next("finished", LIMIT_SECONDS);
  await untilClosed(path === null ? port : undefined);
  return { design, connections: clients * connections, syscalls: await tracer.end() };
}

/** Time limit for the server to close connections that its clients have closed. */
const CLOSING_MS = 1000;
const PAUSE_MS = 100;

/** Waits until the server has closed every connection, so that the trace is complete. */
async function untilClosed(port: number | undefined): Promise<void> {
  // A Unix-domain socket does not show which end has closed it.
  if (port === undefined) return await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  const isOpen = () => tcpSocketsOn(port).some(({ state }) => state === TcpState.closeWait);
  for (const late = performance.now() + CLOSING_MS; isOpen() && performance.now() < late;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The processes to trace: the server process and its children, or the host if they are threads. */
export function serversOf(host: number): number[] {
  const [server] = childrenOf(host);
  return server === undefined ? [host] : [server, ...childrenOf(server)];
}
