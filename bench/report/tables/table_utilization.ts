/**
 * CPU utilization of each design by connection rate.
 *
 * @module
 */
import { servesMany } from "../../../servers/designs.ts";
import { serverMachine } from "../summary/server_machine.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";
import { short, type Table, textCell } from "./table.ts";

/** Connections per second. */
const RATES = [10, 100, 1000, 10_000] as const;

/** One row per design, in the order of their CPU time per connection, from which it follows. */
export function tableUtilization({ run, designs }: Summary): Table {
  const { plan } = run;
  const { processors } = serverMachine(run);
  const waited = 1e3 * plan.requests * plan.wait;
  const measured = designs.flatMap(({ id, info, cpuMicrosecondsPerConnection: cpu }) =>
    cpu
      ? [{
        id,
        microseconds: cpu.median,
        // A worker that waits serves nobody meanwhile.
        most: waited > 0 ? 1e6 * workersOf(info, plan.children) / (waited + cpu.median) : Infinity,
      }]
      : []
  ).toSorted((a, b) => a.microseconds - b.microseconds);
  return {
    title: "CPU utilization by connection rate, percent of one processor",
    columns: [
      { header: "design", field: "design", align: "left", key: true },
      ...RATES.map((rate) => ({ header: `${rate} /s`, field: `percent_at_${rate}` })),
    ],
    rows: measured.map(({ id, microseconds, most }) => [
      textCell(id),
      ...RATES.map((rate) => {
        if (rate > most) return { value: null, text: "–" };
        const value = 100 * rate * microseconds / 1e6;
        return { value, text: short(value), warn: value > 100 * processors };
      }),
    ]),
    footer: [],
    notes: [
      "Computed from the CPU time per connection in this run, without that of the clients. Red: more " +
      `than the ${processors} processors of the server's machine.`,
      ...(waited > 0
        ? [
          `–: more than the workers can serve. One that waits ${
            waited / 1e3
          } ms for a connection serves at most ` +
          `${short(1e6 / waited)} in a second; an event loop serves others meanwhile.`,
        ]
        : []),
    ],
  };
}

/** How many connections a design serves at a time, whatever its requests wait for. */
function workersOf(info: DesignSummary["info"], children: number): number {
  if (info === null || servesMany(info) || info.lifetime === "client") return Infinity;
  return info.lifetime === "pool" ? children : 1;
}
