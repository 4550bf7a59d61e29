/**
 * CPU utilization of each design by connection rate.
 *
 * @module
 */
import { serverMachine } from "../summary/server_machine.ts";
import type { Summary } from "../summary/summary.ts";
import { short, type Table, textCell } from "./table.ts";

/** Connections per second. */
const RATES = [10, 100, 1000, 10_000] as const;

/** One row per design, in the order of their CPU time per connection, from which it follows. */
export function tableUtilization({ run, designs }: Summary): Table {
  const { processors } = serverMachine(run);
  const measured = designs.flatMap(({ id, cpuMicrosecondsPerConnection: cpu }) =>
    cpu ? [{ id, microseconds: cpu.median }] : []
  ).toSorted((a, b) => a.microseconds - b.microseconds);
  return {
    title: "CPU utilization by connection rate, percent of one processor",
    columns: [
      { header: "design", field: "design", align: "left", key: true },
      ...RATES.map((rate) => ({ header: `${rate} /s`, field: `percent_at_${rate}` })),
    ],
    rows: measured.map(({ id, microseconds }) => [
      textCell(id),
      ...RATES.map((rate) => {
        const value = 100 * rate * microseconds / 1e6;
        return { value, text: short(value), warn: value > 100 * processors };
      }),
    ]),
    footer: [],
    notes: [
      "Computed from the CPU time per connection in this run, without that of the clients. Red: more " +
      `than the ${processors} processors of the server's machine.`,
    ],
  };
}
