/**
 * The table of system calls per connection.
 *
 * @module
 */
import type { Trace } from "../../record/types.ts";
import { numberCell, type Table, textCell } from "./table.ts";

/** Rarer calls are left out: they belong to start and end of the trial, not to connections. */
const LEAST_PER_CONNECTION = 0.05;

/** System calls per connection, without the rare ones. */
export function callsPerConnection({ syscalls, connections }: Trace): number {
  return Object.values(syscalls).map(({ calls }) => calls / connections)
    .filter((rate) => rate >= LEAST_PER_CONNECTION).reduce((sum, rate) => sum + rate, 0);
}

/** One row per system call, one column per design. Null without traces. */
export function syscallsTable(traces: readonly Trace[]): Table | null {
  if (traces.length === 0) return null;
  const rate = ({ syscalls, connections }: Trace, name: string) =>
    (syscalls[name]?.calls ?? 0) / connections;
  const names = [...new Set(traces.flatMap(({ syscalls }) => Object.keys(syscalls)))]
    .map((name) => ({ name, most: Math.max(...traces.map((trace) => rate(trace, name))) }))
    .filter(({ most }) => most >= LEAST_PER_CONNECTION)
    .toSorted((a, b) => b.most - a.most || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
  const failed = traces.flatMap(({ design, syscalls, connections }) =>
    Object.entries(syscalls)
      .filter(([name, { errors }]) => names.includes(name) && errors / connections > 0.5)
      .map(([name, { errors }]) => `${design} ${name} ${(errors / connections).toFixed(1)}`)
  );
  return {
    title: "System calls per connection",
    columns: [
      { header: "system call", field: "syscall", align: "left", key: true },
      ...traces.map(({ design }) => ({ header: design, field: `${design}_per_connection` })),
    ],
    rows: names.map((name) => [
      textCell(name),
      ...traces.map((trace) => numberCell(trace.syscalls[name] ? rate(trace, name) : null, 2)),
    ]),
    footer: [[
      textCell("all"),
      ...traces.map((trace) =>
        numberCell(names.reduce((sum, name) => sum + rate(trace, name), 0), 2)
      ),
    ]],
    notes: [
      "Counted with strace or perf in an additional, unmeasured trial of each design. Parent and children; " +
      "for Workers, the whole process including the host's thread.",
      ...(failed.length > 0 ? [`Failed calls per connection: ${failed.join(", ")}.`] : []),
    ],
  };
}
