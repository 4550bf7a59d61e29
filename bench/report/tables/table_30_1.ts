/**
 * Table 30.1: the cost of each design, as CPU time above a server without process control.
 *
 * @module
 */
import {
  book,
  costs,
  type DesignColumn,
  events,
  herd,
  identity,
  latency,
  perRequest,
  rest,
  spreadOf,
  spreadsOf,
  switching,
  throughput,
  transport,
} from "./columns.ts";
import { evenness } from "./evenness.ts";
import { notes301 } from "./notes_30_1.ts";
import type { Summary } from "../summary/summary.ts";
import type { Table } from "./table.ts";

/** Table 30.1 of a run, one row per design. The book has no results for local servers. */
export function table301(summary: Summary): Table {
  const { designs, run: { plan: { local, requests } } } = summary;
  // What older records lack; the CSV has the same columns always.
  const isEmpty = ({ only, detail, cell }: DesignColumn) =>
    only === "text" && detail === true && designs.every((design) => cell(design).value === null);
  const columns = [
    ...identity,
    ...(local ? [transport] : []),
    ...costs(spreadOf(summary)),
    ...throughput,
    ...(requests > 1 ? perRequest : []),
    ...latency,
    ...switching,
    ...events(designs),
    ...herd(designs),
    ...rest,
    ...evenness,
    ...(local ? [] : [book]),
  ].filter((column) => !isEmpty(column));
  return {
    title: local ? "Local servers: cost of each design" : "Table 30.1: cost of each design",
    columns,
    rows: designs.map((design) => columns.map((column) => column.cell(design))),
    footer: [],
    notes: notes301(summary, spreadsOf(summary)),
  };
}
