/**
 * The report of a run as a self-contained page: no network, no other files.
 *
 * @module
 */
import { NARROW, WIDE } from "../charts/chart.ts";
import type { Pictures } from "../charts/charts.ts";
import type { ReportData } from "../summary/report_data.ts";
import type { SweepData } from "../summary/sweep.ts";
import { sweepTable } from "../tables/sweep_table.ts";
import { syscallsTable } from "../tables/syscalls.ts";
import type { Column, Table } from "../tables/table.ts";
import { table301 } from "../tables/table_30_1.ts";
import { table302 } from "../tables/table_30_2.ts";
import { tableBook } from "../tables/table_book.ts";
import { tableCpu } from "../tables/table_cpu.ts";
import { tableUtilization } from "../tables/table_utilization.ts";
import { tableLatency } from "../tables/table_latency.ts";
import { type Content, embedded, Html, markup } from "./html.ts";
import {
  caveats,
  conditions,
  explanations,
  guide,
  matrix,
  summaryLine,
  tableWithNotes,
} from "./parts.ts";
import script from "./script.js" with { type: "text" };
import style from "./style.css" with { type: "text" };

/** The page. The same data gives the same bytes. */
export function page(data: ReportData, pictures: Pictures): string {
  const { run, trials, sweep, designs } = data;
  const { title, sections } = sweep ? sweepPage(data, sweep, pictures) : {
    title: `Process-control cost of ${designs.length} server designs`,
    sections: sectionsOf(data, pictures),
  };
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Herd: ${title}</title>
<link rel="icon" href="data:,">
<style>
${new Html(style)}</style>
</head>
<body>
<header>
<p class="brand">Herd <button type="button" id="theme" hidden>Dark</button></p>
<h1>${title}</h1>
<p class="lede">${summaryLine(data)}</p>
${caveats(data)}</header>
<nav aria-label="Contents"><ol>
${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>\n`)}</ol></nav>
<main>
${sections.map(draw)}</main>
<div id="tip" role="status" hidden></div>
<script type="application/json" id="record">${embedded({ run, trials })}</script>
<script>
${new Html(script)}</script>
</body>
</html>
`.text;
}

function draw({ id, title, body }: Section): Html {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}
</section>
`;
}

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Content;
}

function sectionsOf(data: ReportData, pictures: Pictures): Section[] {
  const syscalls = syscallsTable(data.run.traces);
  const chart = (name: string) => figureOf(pictures, name);
  const all: (Section | false)[] = [
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
        markup`<div class="log">${chart("process-control-log")}</div>`,
        markup`<div class="linear">${chart("process-control")}</div>`,
        tableWithNotes(table301(data)),
      ],
    },
    { id: "matrix", title: "Design matrix", body: matrix(data) },
    {
      id: "clients",
      title: "Clients per child",
      body: [
        chart("clients-per-child"),
        tableWithNotes(
          withDetails(table302(data, { book: true }), ({ field }) => field.startsWith("book_")),
          "The book's columns",
        ),
      ],
    },
    pictures.has("cpu-per-child") && {
      id: "cpu",
      title: "CPU time per child",
      body: [chart("cpu-per-child"), tableWithNotes(tableCpu(data))],
    },
    pictures.has("latency") && {
      id: "latency",
      title: "Connection latency",
      body: [chart("latency"), tableWithNotes(tableLatency(data))],
    },
    syscalls !== null && {
      id: "syscalls",
      title: "System calls",
      body: tableWithNotes(mainDesigns(syscalls, data), "Designs beyond the book"),
    },
    { id: "book", title: "Comparison with the book", body: tableWithNotes(tableBook(data)) },
    { id: "designs", title: "Designs", body: explanations(data) },
    { id: "conditions", title: "Measurement conditions", body: conditions(data) },
  ];
  return all.filter((section) => section !== false);
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

function sweepPage(data: ReportData, sweep: SweepData, pictures: Pictures) {
  const table = sweepTable(data, sweep);
  const sections: Section[] = [
    {
      id: "sweep",
      title: "Cost of each design",
      body: [figureOf(pictures, "sweep"), tableWithNotes(table)],
    },
    { id: "designs", title: "Designs", body: explanations(data) },
    { id: "conditions", title: "Measurement conditions", body: conditions(data) },
  ];
  return { title: table.title, sections };
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
