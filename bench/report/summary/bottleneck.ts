/**
 * Whether the clients or the processors, and not the server, limited the throughput.
 *
 * @module
 */
import type { Run } from "../../record/types.ts";
import type { DesignSummary, Summary } from "./summary.ts";

/** Utilization at which a processor counts as saturated. */
const BUSY = 0.9;

/** The bottleneck of a design: its clients or the processors; null: neither. */
function bottleneckOf(
  { isBaseline, cpu, clientCpu, wallSeconds }: DesignSummary,
  { plan, environment }: Run,
): "clients" | "processors" | null {
  const processors = Math.min(environment.processors, environment.quota?.processors ?? Infinity);
  if (!cpu || !clientCpu || !wallSeconds) return null;
  const clients = isBaseline ? 1 : plan.clients;
  const clientProcessors = Math.min(clients, plan.pin.client?.length ?? processors);
  const { median: seconds } = wallSeconds;
  if (clientCpu.median >= BUSY * clientProcessors * seconds) return "clients";
  return cpu.median + clientCpu.median >= BUSY * processors * seconds ? "processors" : null;
}

/** The bottlenecks of a run, as notes. */
export function bottleneckNotes({ run, designs }: Summary): string[] {
  const limited = Map.groupBy(designs, (design) => bottleneckOf(design, run));
  const list = (by: "clients" | "processors") =>
    limited.get(by)?.map(({ id, cpu, clientCpu }) => {
      const share = clientCpu!.median / (cpu!.median + clientCpu!.median);
      return `${id} (${(100 * share).toFixed(0)} %)`;
    }).join(", ");
  const [byClients, byProcessors] = [list("clients"), list("processors")];
  return [
    ...(byClients
      ? [`The clients used all their CPU time and limited the throughput of ${byClients}.`]
      : []),
    ...(byProcessors
      ? [
        `All processors were busy, so throughput depends on the clients as much as on the server: ${byProcessors}.`,
      ]
      : []),
    ...(byClients || byProcessors ? ["In parentheses: the clients' share of the CPU time."] : []),
  ];
}
