/**
 * The output of `bench` and `tables`, derived from a recorded run. Only commands print: programs that import
 * `mod.ts` do without the styles of a terminal.
 *
 * @module
 */
import { notedOnce, tablesOf } from "./derive.ts";
import { hosts, load, machine, problems, warningTexts } from "./summary/conditions.ts";
import type { ReportData } from "./summary/report_data.ts";
import { conclusion } from "./tables/conclusion.ts";
import { paragraphs, type TerminalOptions, toTerminal } from "./tables/terminal.ts";

/** Options of the terminal output. */
export interface PrintOptions extends TerminalOptions {
  /** Whether Table 30.2 includes the book's columns. */
  readonly book: boolean;
}

/** The tables for a terminal, and at the end what to take away: conclusion, problems and warnings. */
export function renderTerminal(data: ReportData, options: PrintOptions): string {
  const tables = notedOnce([load(data), machine(data), ...hosts(data)], tablesOf(data, options));
  const end = [...conclusion(data), ...problems(data), ...warningTexts(data)];
  return [
    ...tables.map((table) => toTerminal(table, options)),
    ...(end.length > 0 ? [paragraphs(end, options)] : []),
  ].join("\n");
}
