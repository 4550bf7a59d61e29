/**
 * The files derived from a recorded run, in its folder; `print.ts` has the output of `bench`.
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
import { table301 } from "./tables/table_30_1.ts";
import { table302 } from "./tables/table_30_2.ts";
import { tableTypeScript } from "./tables/table_typescript.ts";
import { syscallsTable } from "./tables/syscalls.ts";

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
  const typescript = tableTypeScript(data);
  return [
    ["table-30.1.md", toMarkdown(withNotes(costs, about))],
    ["table-30.1.csv", toCsv(costs)],
    ["table-30.2.md", toMarkdown(withNotes(table302(data, { book: true }), about))],
    // Without the book's columns: they are not data of this run.
    ["table-30.2.csv", toCsv(table302(data))],
    ...(typescript
      ? [
        ["cost-of-typescript.md", toMarkdown(withNotes(typescript, about))],
        ["cost-of-typescript.csv", toCsv(typescript)],
      ] as const
      : []),
    ...(syscalls
      ? [["syscalls.md", toMarkdown(syscalls)], ["syscalls.csv", toCsv(syscalls)]] as const
      : []),
  ];
}

/** The tables of a run: those of the book, and the system calls if they were traced; or that of a sweep. */
export function tablesOf(data: ReportData, { book }: { readonly book: boolean }): Table[] {
  if (data.sweep) return [sweepTable(data, data.sweep)];
  const syscalls = syscallsTable(data.run.traces);
  return [table301(data), tableTypeScript(data), syscalls, table302(data, { book })]
    .filter((table) => table !== null);
}

/** The tables with the notes that apply to all of them, once, on the last. */
export function notedOnce(about: readonly string[], tables: readonly Table[]): Table[] {
  return tables.map((table, index) =>
    index === tables.length - 1 ? withNotes(table, about) : table
  );
}

function withNotes(table: Table, notes: readonly string[]): Table {
  return { ...table, notes: [...table.notes, ...notes] };
}
