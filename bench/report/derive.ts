/**
 * Everything that follows from a recorded run: the files of its folder, and what `bench` prints.
 * The same record gives the same bytes, anywhere and at any time.
 *
 * @module
 */
import { drawCharts } from "./charts/charts.ts";
import { conditions, warningTexts } from "./summary/conditions.ts";
import { page } from "./html/page.ts";
import type { ReportData } from "./summary/report_data.ts";
import { sweepTable } from "./tables/sweep_table.ts";
import { type Table, type TerminalOptions, toCsv, toMarkdown, toTerminal } from "./tables/table.ts";
import { table301 } from "./tables/table_30_1.ts";
import { table302 } from "./tables/table_30_2.ts";
import { syscallsTable } from "./tables/syscalls.ts";

/** What to print, and how. */
export interface PrintOptions extends TerminalOptions {
  /** Whether the book's columns stand beside ours in Table 30.2. */
  readonly book: boolean;
}

/** Every derived file of a run's folder: its name and its content. */
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
  // Rounds of a sweep are of different points, which the tables of a run would mix.
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
    // Without the book's columns: they are no data of this run.
    ["table-30.2.csv", toCsv(table302(data))],
    ...(syscalls
      ? [["syscalls.md", toMarkdown(syscalls)], ["syscalls.csv", toCsv(syscalls)]] as const
      : []),
  ];
}

/** The tables for a terminal. What is true of all is said once, below. */
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
