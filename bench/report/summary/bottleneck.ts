/**
 * Whether the clients or the processors, and not the server, limited the throughput.
 *
 * @module
 */
import type { Environment, Run } from "../../record/types.ts";
import { serverMachine } from "./server_machine.ts";
import type { DesignSummary, Summary } from "./summary.ts";

/** Utilization at which a processor counts as saturated. */
const BUSY = 0.9;

/** The bottleneck of a design: its clients or the processors; null: neither. */
function bottleneckOf(
  { isBaseline, cpu, clientCpu, wallSeconds }: DesignSummary,
  run: Run,
): "clients" | "processors" | null {
  const { plan, hosts } = run;
  const usable = ({ processors, quota }: Environment) =>
    Math.min(processors, quota?.processors ?? Infinity);
  const processors = usable(serverMachine(run));
  // Of clients elsewhere; those of the server are no matter of theirs then.
  const ofHosts = hosts.filter(({ part }) => part === "clients")
    .reduce((sum, { environment }) => sum + usable(environment), 0);
  if (!cpu || !clientCpu || !wallSeconds) return null;
  const clients = isBaseline ? 1 : plan.clients;
  const clientProcessors = Math.min(clients, plan.pin.client?.length ?? (ofHosts || processors));
  const { median: seconds } = wallSeconds;
  if (clientCpu.median >= BUSY * clientProcessors * seconds) return "clients";
  if (ofHosts > 0) return null;
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
