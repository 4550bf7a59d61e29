/**
 * Everything that follows from a recorded run: the files of its folder, and what `bench` prints.
 * The same record gives the same bytes, anywhere and at any time.
 *
 * @module
 */
import type { Recorded } from "../record/record.ts";
import { drawCharts } from "./charts/charts.ts";
import { conditions, warnings } from "./summary/conditions.ts";
import { reportData } from "./tables/report_data.ts";
import { page } from "./html/page.ts";
import { summarize, type Summary } from "./summary/summary.ts";
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
export async function deriveFiles(recorded: Recorded): Promise<Map<string, string>> {
  const data = await reportData(recorded);
  const pictures = await drawCharts(data);
  return new Map([
    ...tableFiles(recorded, data),
    ...[...pictures].map(([name, { wide }]) => [`${name}.svg`, wide] as const),
    ["report.html", page(recorded, data, pictures)],
  ]);
}

function tableFiles(recorded: Recorded, summary: Summary): (readonly [string, string])[] {
  const about = [...warnings(recorded), ...conditions(summary)];
  // Rounds of a sweep are of different points, which the tables of a run would mix.
  if (recorded.run.plan.sweep) {
    const { table } = sweepTable(recorded);
    return [["sweep.md", toMarkdown(withNotes(table, about))], ["sweep.csv", toCsv(table)]];
  }
  const syscalls = syscallsTable(recorded.run.traces);
  return [
    ["table-30.1.md", toMarkdown(withNotes(table301(summary), about))],
    ["table-30.1.csv", toCsv(table301(summary))],
    ["table-30.2.md", toMarkdown(withNotes(table302(summary, { book: true }), about))],
    // Without the book's columns: they are no data of this run.
    ["table-30.2.csv", toCsv(table302(summary))],
    ...(syscalls
      ? [["syscalls.md", toMarkdown(syscalls)], ["syscalls.csv", toCsv(syscalls)]] as const
      : []),
  ];
}

/** The tables for a terminal. What is true of all is said once, below. */
export function renderTerminal(recorded: Recorded, options: PrintOptions): string {
  if (recorded.run.plan.sweep) {
    const { table, summary } = sweepTable(recorded);
    const about = [...conditions(summary), ...warnings(recorded)];
    return toTerminal(withNotes(table, about), options);
  }
  const summary = summarize(recorded);
  const { book } = options;
  const about = [...conditions(summary), ...warnings(recorded)];
  const syscalls = syscallsTable(recorded.run.traces);
  return [
    toTerminal(table301(summary), options),
    ...(syscalls ? [toTerminal(syscalls, options)] : []),
    toTerminal(withNotes(table302(summary, { book }), about), options),
  ].join("\n");
}

function withNotes(table: Table, notes: readonly string[]): Table {
  return { ...table, notes: [...table.notes, ...notes] };
}
