/**
 * The sections of the report: charts and tables in their order.
 *
 * @module
 */
import { NARROW, WIDE } from "../charts/chart.ts";
import type { Pictures } from "../charts/charts.ts";
import type { ReportData } from "../summary/report_data.ts";
import type { SweepData } from "../summary/sweep.ts";
import { conclusion } from "../tables/conclusion.ts";
import { sweepTable } from "../tables/sweep_table.ts";
import { syscallsTable } from "../tables/syscalls.ts";
import type { Column, Table } from "../tables/table.ts";
import { table301 } from "../tables/table_30_1.ts";
import { table302 } from "../tables/table_30_2.ts";
import { tableBook } from "../tables/table_book.ts";
import { tableCpu } from "../tables/table_cpu.ts";
import { tableLatency } from "../tables/table_latency.ts";
import { tableTypeScript } from "../tables/table_typescript.ts";
import { tableUtilization } from "../tables/table_utilization.ts";
import { type Content, Html, markup } from "./html.ts";
import { conditions, explanations, guide, matrix, tableWithNotes } from "./parts.ts";

/** A section of the page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Content;
}

/** The title and the sections of a page. */
export interface Contents {
  readonly title: string;
  readonly sections: readonly Section[];
}

/** The contents for a run. */
export function runContents(data: ReportData, pictures: Pictures): Contents {
  return {
    title: `Process-control cost of ${data.designs.length} server designs`,
    sections: [
      ...costSections(data, pictures),
      ...childSections(data, pictures),
      ...connectionSections(data, pictures),
      { id: "book", title: "Comparison with the book", body: tableWithNotes(tableBook(data)) },
      ...lastSections(data),
    ],
  };
}

/** The contents for a sweep. */
export function sweepContents(data: ReportData, sweep: SweepData, pictures: Pictures): Contents {
  const table = sweepTable(data, sweep);
  const body = [
    figureOf(pictures, "sweep"),
    figureOf(pictures, "sweep-wake-ups"),
    tableWithNotes(table),
  ];
  return {
    title: table.title,
    sections: [
      ...rateSections(data, pictures),
      { id: "sweep", title: "Cost of each design", body },
      ...lastSections(data),
    ],
  };
}

/** Of a sweep over rates, what each design sustains. */
function rateSections(data: ReportData, pictures: Pictures): Section[] {
  if (!pictures.has("latency-by-rate")) return [];
  const body = [
    ...conclusion(data).map((line) => markup`<p>${line}</p>`),
    figureOf(pictures, "latency-by-rate"),
  ];
  return [{ id: "rate", title: "Latency by rate", body }];
}

function costSections(data: ReportData, pictures: Pictures): Section[] {
  return [
    {
      id: "guide",
      title: "Which design for me?",
      body: markup`<div class="beside">
<div>${guide(data)}</div>
<div>${tableWithNotes(tableUtilization(data))}</div>
</div>`,
    },
    {
      id: "costs",
      title: "Cost of each design",
      body: [
        scaleSwitch,
        markup`<div class="log">${figureOf(pictures, "process-control-log")}</div>`,
        markup`<div class="linear">${figureOf(pictures, "process-control")}</div>`,
        tableWithNotes(table301(data)),
      ],
    },
    ...whereSections(data, pictures),
    { id: "matrix", title: "Design matrix", body: matrix(data) },
  ];
}

/** Where time goes, and what TypeScript costs if C ran, too. */
function whereSections(data: ReportData, pictures: Pictures): Section[] {
  const typescript = tableTypeScript(data);
  return [
    ...(pictures.has("where-time-goes")
      ? [{ id: "where", title: "Where time goes", body: figureOf(pictures, "where-time-goes") }]
      : []),
    ...(typescript
      ? [{
        id: "typescript",
        title: "What TypeScript costs",
        body: [figureOf(pictures, "cost-of-typescript"), tableWithNotes(typescript)],
      }]
      : []),
  ];
}

function childSections(data: ReportData, pictures: Pictures): Section[] {
  const table = table302(data, { book: true });
  const clients = withDetails(table, ({ field }) => field.startsWith("book_"));
  const sections: Section[] = [{
    id: "clients",
    title: "Clients per child",
    body: [
      figureOf(pictures, "clients-per-child"),
      tableWithNotes(clients, "The book's columns"),
    ],
  }];
  if (!pictures.has("cpu-per-child")) return sections;
  const body = [figureOf(pictures, "cpu-per-child"), tableWithNotes(tableCpu(data))];
  return [...sections, { id: "cpu", title: "CPU time per child", body }];
}

function connectionSections(data: ReportData, pictures: Pictures): Section[] {
  const syscalls = syscallsTable(data.run.traces);
  return [
    ...(pictures.has("latency")
      ? [{
        id: "latency",
        title: "Connection latency",
        body: [figureOf(pictures, "latency"), tableWithNotes(tableLatency(data))],
      }]
      : []),
    ...(pictures.has("throughput-over-time")
      ? [{
        id: "time",
        title: "Over the time of a load",
        body: [figureOf(pictures, "throughput-over-time"), figureOf(pictures, "p99-over-time")],
      }]
      : []),
    ...(syscalls
      ? [{
        id: "syscalls",
        title: "System calls",
        body: tableWithNotes(mainDesigns(syscalls, data), "Designs beyond the book"),
      }]
      : []),
  ];
}

function lastSections(data: ReportData): Section[] {
  return [
    { id: "designs", title: "Designs", body: explanations(data) },
    { id: "conditions", title: "Measurement conditions", body: conditions(data) },
  ];
}

/** Most design columns that fit a window of 1440 pixels. */
const MOST_COLUMNS = 12;

/** The table of system calls; if it is too wide, with the designs beyond the book as details. */
function mainDesigns(syscalls: Table, { designs }: ReportData): Table {
  const inBook = new Set(designs.filter(({ row }) => row !== null).map(({ id }) => id));
  const isDetail = ({ header, key = false }: Column) => !key && !inBook.has(header);
  return syscalls.columns.length > MOST_COLUMNS ? withDetails(syscalls, isDetail) : syscalls;
}

function withDetails(table: Table, isDetail: (column: Column) => boolean): Table {
  const columns = table.columns.map((column) => ({ ...column, detail: isDetail(column) }));
  return { ...table, columns };
}

/** Selects a chart of Table 30.1; the style sheet shows the selected one. */
const scaleSwitch = markup`<fieldset class="switch"><legend>Scale</legend>
<label><input type="radio" name="scale" value="log" checked> logarithmic</label>
<label><input type="radio" name="scale" value="linear"> linear</label>
</fieldset>
`;

/** Sizes at which a pixel of a chart is drawn. */
const WIDE_REM = 60 / WIDE.width;
const NARROW_REM = 30 / NARROW.width;

/** Width of an image in pixels: a chart with few small multiples is narrower than its layout. */
function widthOf(svg: string): number {
  return Number(/ width="(\d+)/.exec(svg)![1]);
}

function figureOf(pictures: Pictures, name: string): Content {
  const picture = pictures.get(name);
  if (!picture) return null;
  const { title, wide, narrow } = picture;
  const image = (svg: string, name: string, rem: number) =>
    markup`<div class="${name}" role="img" aria-label="${title}" style="max-width: ${
      rem.toFixed(1)
    }rem">${inline(svg)}</div>\n`;
  return markup`<figure class="chart">
<figcaption>${title}</figcaption>
${image(wide, "wide", widthOf(wide) * WIDE_REM)}${
    image(narrow, "narrow", widthOf(narrow) * NARROW_REM)
  }</figure>
`;
}

/** A chart as a single image for screen readers. Its marks have tooltips instead of names. */
function inline(svg: string): Html {
  return new Html(
    svg.replace(/ (role|aria-roledescription|aria-hidden)="[^"]*"/g, "")
      .replaceAll(' aria-label="', ' data-tip="'),
  );
}
