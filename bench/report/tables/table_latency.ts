/**
 * Percentiles of how long connections took.
 *
 * @module
 */
import type { ReportData } from "../summary/report_data.ts";
import { PERCENTILES } from "../summary/latency.ts";
import { type Cell, numberCell, type Table, textCell } from "./table.ts";

/** A row a design that has connections; milliseconds. */
export function tableLatency({ designs, latencies }: ReportData): Table {
  const rows = designs.flatMap(({ id }): Cell[][] => {
    const profile = latencies.find(({ design }) => design === id);
    if (!profile) return [];
    const { connections, seconds } = profile;
    return [[
      textCell(id),
      numberCell(connections, 0),
      ...seconds.map((value) => numberCell(1000 * value, 3)),
    ]];
  });
  return {
    title: "How long connections took, milliseconds",
    columns: [
      { header: "design", field: "design", align: "left", key: true },
      { header: "connections", field: "connections" },
      ...PERCENTILES.map((percentile) => ({
        header: percentile === 100 ? "longest" : `${percentile} % within`,
        field: `p${percentile}_milliseconds`,
      })),
    ],
    rows,
    footer: [],
    notes: [
      "Of all connections in all rounds that count: connect, request, reply. Table 30.1 has the " +
      "medians of each round's percentiles instead.",
      "The baseline has one client at a time, the others several at once: theirs wait for each other.",
    ],
  };
}
