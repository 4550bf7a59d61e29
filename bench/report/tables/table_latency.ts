/**
 * Percentiles of the connection latency.
 *
 * @module
 */
import type { ReportData } from "../summary/report_data.ts";
import { loopNote, PERCENTILE_NOTE } from "./notes_30_1.ts";
import { PERCENTILES } from "../summary/latency.ts";
import { type Cell, numberCell, type Table, textCell } from "./table.ts";

/** One row per design with a latency histogram; milliseconds. */
export function tableLatency({ run, designs, latencies }: ReportData): Table {
  const rows = designs.flatMap(({ id }): Cell[][] => {
    const profile = latencies.find(({ design }) => design === id);
    if (!profile) return [];
    const { connections, seconds } = profile;
    return [[
      textCell(id),
      numberCell(connections, 0),
      ...seconds.map((value) => numberCell(value === null ? null : 1000 * value, 3)),
    ]];
  });
  return {
    title: "Connection latency, milliseconds",
    columns: [
      { header: "design", field: "design", align: "left", key: true },
      { header: "connections", field: "connections" },
      ...PERCENTILES.map((percentile) => ({
        header: percentile === 100 ? "max" : `p${percentile}`,
        field: `p${percentile}_milliseconds`,
      })),
    ],
    rows,
    footer: [],
    notes: [
      PERCENTILE_NOTE,
      "Over all connections of all valid rounds: connect, request, reply. Table 30.1 has the medians of " +
      "the rounds' percentiles instead.",
      "The baseline serves one client at a time; the other designs serve concurrent clients, which wait " +
      "for each other.",
      loopNote(run.plan),
    ],
  };
}
