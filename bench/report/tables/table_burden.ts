/**
 * How much of a processor each design keeps busy at some rate of clients.
 *
 * @module
 */
import { burdens, RATES } from "./guide.ts";
import type { Summary } from "../summary/summary.ts";
import { short, type Table, textCell } from "./table.ts";

/** A row a design, the thriftiest first. */
export function tableBurden(summary: Summary): Table {
  const { processors } = summary.run.environment;
  return {
    title: "Percent of one processor kept busy, by clients a second",
    columns: [
      { header: "design", field: "design", align: "left", key: true },
      ...RATES.map((rate) => ({
        header: `${rate} /s`,
        field: `percent_at_${rate}`,
      })),
    ],
    rows: burdens(summary).map(({ id, percent }) => [
      textCell(id),
      ...percent.map((value) => ({ value, text: short(value), warn: value > 100 * processors })),
    ]),
    footer: [],
    notes: [
      "From the CPU time of a connection in this run; the clients' own is not in it. Red: more than the " +
      `${processors} processors of this machine.`,
    ],
  };
}
