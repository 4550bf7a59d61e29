/**
 * Everything derived from a recorded run: the files in its folder and the output of `bench`.
 * The same record always gives the same bytes.
 *
 * @module
 */
import { drawCharts } from "./charts/charts.ts";
import { conditions, warningTexts } from "./summary/conditions.ts";
import { page } from "./html/page.ts";
import type { ReportData } from "./summary/report_data.ts";
import { sweepTable } from "./tables/sweep_table.ts";
import { type Table, toCsv, toMarkdown } from "./tables/table.ts";
import { type TerminalOptions, toTerminal } from "./tables/terminal.ts";
import { table301 } from "./tables/table_30_1.ts";
import { table302 } from "./tables/table_30_2.ts";
import { syscallsTable } from "./tables/syscalls.ts";

/** Options of the terminal output. */
export interface PrintOptions extends TerminalOptions {
  /** Whether Table 30.2 includes the book's columns. */
  readonly book: boolean;
}

/** The derived files of a run, content by name. */
export async function deriveFiles(data: ReportData): Promise<Map<string, string>> {
  const pictures = await drawCharts(data);
  return new Map([
    ...tableFiles(data),
    ...[...pictures].map(([name, { wide }]) => [`${name}.svg`, wide] as const),
    ["report.html", page(data, pictures)],
  ]);
}

function tableFiles(data: ReportData): (readonly [string, string])[] {
  const about = [...warningTexts(data), ...conditions(data)];
  // A round of a sweep holds several points; the tables of a run would mix them.
  if (data.sweep) {
    const table = sweepTable(data, data.sweep);
    return [["sweep.md", toMarkdown(withNotes(table, about))], ["sweep.csv", toCsv(table)]];
  }
  const costs = table301(data);
  const syscalls = syscallsTable(data.run.traces);
  return [
    ["table-30.1.md", toMarkdown(withNotes(costs, about))],
    ["table-30.1.csv", toCsv(costs)],
    ["table-30.2.md", toMarkdown(withNotes(table302(data, { book: true }), about))],
    // Without the book's columns: they are not data of this run.
    ["table-30.2.csv", toCsv(table302(data))],
    ...(syscalls
      ? [["syscalls.md", toMarkdown(syscalls)], ["syscalls.csv", toCsv(syscalls)]] as const
      : []),
  ];
}

/** The tables for a terminal. Notes that apply to all tables stand once, at the end. */
export function renderTerminal(data: ReportData, options: PrintOptions): string {
  const about = [...conditions(data), ...warningTexts(data)];
  if (data.sweep) {
    return toTerminal(withNotes(sweepTable(data, data.sweep), about), options);
  }
  const { book } = options;
  const syscalls = syscallsTable(data.run.traces);
  return [
    toTerminal(table301(data), options),
    ...(syscalls ? [toTerminal(syscalls, options)] : []),
    toTerminal(withNotes(table302(data, { book }), about), options),
  ].join("\n");
}

function withNotes(table: Table, notes: readonly string[]): Table {
  return { ...table, notes: [...table.notes, ...notes] };
}
