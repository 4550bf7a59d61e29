/**
 * The tables of a run for other programs and documents.
 *
 * @module
 */
import { notedOnce, tablesOf } from "./derive.ts";
import { conditions, warningTexts } from "./summary/conditions.ts";
import { figuresOf } from "./summary/figures.ts";
import { distributions } from "./summary/hgrm.ts";
import { bencherMetrics, githubBenchmarks } from "./summary/measures.ts";
import type { ReportData } from "./summary/report_data.ts";
import { toLatex } from "./tables/latex.ts";
import { selectColumns, sortedIndexes, sortTables } from "./tables/select.ts";
import { plainJson, type Table, toCsv, toMarkdown } from "./tables/table.ts";
import { type TerminalOptions, toTerminal } from "./tables/terminal.ts";

/** How tables are written. */
export const TABLE_FORMATS = ["text", "markdown", "csv", "json", "latex"] as const;

/** For other programs: latencies for HdrHistogram's, figures for Bencher and github-action-benchmark. */
export const FORMATS = [...TABLE_FORMATS, "hgrm", "bencher", "github"] as const;

/** What to write of the tables, and how. */
export interface ExportOptions extends TerminalOptions {
  readonly format: typeof FORMATS[number];
  /** Whether Table 30.2 includes the book's columns. */
  readonly book: boolean;
  /** Fields of columns, in order; undefined: all that the format usually has. */
  readonly columns?: readonly string[] | undefined;
  /** Design to write alone as hgrm; undefined: all, one after the other. */
  readonly design?: string | undefined;
  /** Field of the column to sort by; `-FIELD`: the greatest first. */
  readonly sort?: string | undefined;
}

/**
 * The tables as text. As JSON it is the summary of the run (`results/summary.schema.json`); with `columns`,
 * an array of rows.
 *
 * @throws {UsageError} for a column that no table has, or a design without latencies.
 */
export function exportTables(data: ReportData, options: ExportOptions): string {
  const { format, columns, sort } = options;
  if (format === "hgrm") return distributions(data.latencies, options.design);
  if (format === "bencher") return jsonText(bencherMetrics(figuresOf(data)));
  if (format === "github") return jsonText(githubBenchmarks(figuresOf(data)));
  const all = tablesOf(data, options);
  const sorted = sort === undefined ? all : sortTables(all, sort);
  const selected = columns === undefined ? sorted : selectColumns(sorted, columns);
  if (format !== "json") {
    const noted = format === "csv"
      ? selected
      : notedOnce([...conditions(data), ...warningTexts(data)], selected);
    return noted.map((table) => written(table, options, format)).join("\n");
  }
  if (columns !== undefined) return jsonText(selected.flatMap(rowsOf));
  const { designs, ...figures } = figuresOf(data);
  // The first table has a row for each design.
  const order = sortedIndexes(all[0]!, sort ?? "");
  return jsonText({ ...figures, designs: order.map((index) => designs[index]) });
}

function written(
  table: Table,
  options: ExportOptions,
  format: Exclude<typeof TABLE_FORMATS[number], "json">,
): string {
  const write = { text: toTerminal, markdown: toMarkdown, csv: toCsv, latex: toLatex }[format];
  return write(table, options);
}

/** Each row by the fields of its columns; JSON has no infinity, and writes null. */
function rowsOf({ columns, rows }: Table): Record<string, unknown>[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map(({ field }, index) => [field, row[index]!.value]))
  );
}

function jsonText(value: unknown): string {
  return plainJson(JSON.stringify(value, null, 2)) + "\n";
}
