/**
 * Where connections per second say more of the clients, or of the processors, than of the server.
 *
 * @module
 */
import type { Run } from "../../record/record.ts";
import type { DesignSummary, Summary } from "./summary.ts";

/** Share of the time of processors from which on there was nothing left of it. */
const BUSY = 0.9;

/** What held up a design: its clients, or that no processor was idle; null: neither. */
function bottleneckOf(
  { isBaseline, cpu, clientCpu, wallSeconds }: DesignSummary,
  { plan, environment: { processors } }: Run,
): "clients" | "processors" | null {
  if (!cpu || !clientCpu || !wallSeconds) return null;
  const clients = isBaseline ? 1 : plan.clients;
  const theirs = Math.min(clients, plan.pin.client?.length ?? processors);
  const { median: seconds } = wallSeconds;
  if (clientCpu.median >= BUSY * theirs * seconds) return "clients";
  return cpu.median + clientCpu.median >= BUSY * processors * seconds ? "processors" : null;
}

/** The same in words, for all designs of a run. */
export function bottleneckNotes({ run, designs }: Summary): string[] {
  const held = Map.groupBy(designs, (design) => bottleneckOf(design, run));
  const list = (by: "clients" | "processors") =>
    held.get(by)?.map(({ id, cpu, clientCpu }) => {
      const share = clientCpu!.median / (cpu!.median + clientCpu!.median);
      return `${id} (${(100 * share).toFixed(0)} %)`;
    }).join(", ");
  const [byClients, byProcessors] = [list("clients"), list("processors")];
  return [
    ...(byClients
      ? [`The clients had no time left: they, and not the server, set the pace of ${byClients}.`]
      : []),
    ...(byProcessors
      ? [
        `No processor was idle, so connections per second are the clients' as much as the server's: ${byProcessors}.`,
      ]
      : []),
    ...(byClients || byProcessors ? ["In brackets: the clients' share of the CPU time."] : []),
  ];
}
