/**
 * The parts of the report other than tables and charts.
 *
 * @module
 */
import { loadText } from "../../plan/plan.ts";
import { makingOf, MAKINGS } from "../charts/theme.ts";
import { accounts, hosts, load, machine, problems, processorsText } from "../summary/conditions.ts";
import { explain, explainSweep, type Explanation } from "./explain.ts";
import type { ReportData } from "../summary/report_data.ts";
import { basisText, recommend, type Recommendation } from "../tables/guide.ts";
import { makingsOf, matrixOf, type MatrixRow, type Placed } from "./matrix.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";
import { short, type Table } from "../tables/table.ts";
import { type Content, type Html, markup } from "./html.ts";
import { scrolling, toHtml } from "./html_table.ts";

/** Load, rounds, date and machine in one sentence. */
export function summaryLine({ run }: Summary): string {
  const { plan, environment, startedAt } = run;
  const { clients, each, bytes, children } = loadText(plan);
  const { system, kernel } = environment;
  const rounds = plan.rounds === 1 ? "1 round" : `${plan.rounds} rounds`;
  return `${clients} clients × ${each} × ${bytes} bytes, ${children} children per pool, ` +
    `${rounds}; measured on ${startedAt.slice(0, 10)} on ${processorsText(environment)}, ` +
    `${system} ${kernel}.`;
}

/** Warnings and problems of the run, if any. */
export function caveats(data: ReportData): Content {
  const all = [...data.warnings.map(({ text }) => text), ...problems(data)];
  return all.length > 0 && markup`<section class="warnings" aria-labelledby="warnings">
<h2 id="warnings">Warnings</h2>
<ul>
${all.map((text) => markup`<li>${text}</li>\n`)}</ul>
</section>
`;
}

/** A table with its notes. */
export function tableWithNotes(table: Table, detailsLabel?: string): Html {
  return markup`${table.rows.length > 0 && toHtml(table, detailsLabel)}<ul class="notes">
${table.notes.map((note) => markup`<li>${note}</li>\n`)}</ul>
`;
}

/** The guide: a recommended design for each goal. */
export function guide(summary: Summary): Html {
  return markup`<p>${
    basisText(summary)
  } A design is recommended only if no other that meets the goal is
at least as good in CPU time, throughput, p99 latency and memory, and better in one of them. Values whose
intervals overlap, or that differ by at most 5 %, count as close.</p>
<dl class="advice">
${recommend(summary).map(recommendation)}</dl>`;
}

function recommendation(
  { goal, design, rounds, value, costs, closeTo, alternatives }: Recommendation,
): Html {
  return markup`<div><dt>${goal}</dt>
<dd><a href="#design-${design}"><b>${design}</b></a>: ${value} (${
    rounds === 1 ? "a single round" : `median of ${rounds} rounds`
  }). Also ${costs.join(", ")}.${
    closeTo !== null && ` Less CPU time than ${closeTo}, which is close.`
  }${alternatives.length > 0 && ` Close: ${alternatives.join(", ")}.`}</dd></div>
`;
}

/** The design matrix as a heat map. */
export function matrix(summary: Summary): Html {
  const makings = makingsOf(summary);
  const field = ({ design: { id, cpuMicrosecondsPerConnection: cpu }, heat }: Placed) =>
    markup`<div class="heat" style="--heat: ${
      (100 * (heat ?? 0)).toFixed(0)
    }%"><a href="#design-${id}">${id}</a> <b>${cpu ? short(cpu.median) : "–"}</b></div>`;
  const row = ({ accepts, cells }: MatrixRow) =>
    markup`<tr><th scope="row">${accepts}</th>${
      makings.map((making) => markup`<td>${(cells[making] ?? []).map(field)}</td>`)
    }</tr>
`;
  const title = "CPU µs per connection, by how children are made and who accepts";
  return markup`<p>A server design is defined by how it makes children and who calls accept. Warmer colors
mean more CPU time per connection, on a logarithmic scale.</p>
${
    scrolling(
      title,
      markup`<table class="matrix" aria-label="${title}">
<thead><tr><td></td>${
        makings.map((making) => markup`<th scope="col">${MAKINGS[making].name}</th>`)
      }</tr></thead>
<tbody>
${matrixOf(summary).map(row)}</tbody>
</table>`,
    )
  }`;
}

/** The descriptions of the designs. */
export function explanations(data: ReportData): Html[] {
  const { designs, sweep } = data;
  return sweep
    ? (sweep.points[0]?.summary.designs ?? [])
      .map((design) => article(design, explainSweep(design.id, sweep.points)))
    : designs.map((design) => article(design, explain(design, data)));
}

function article({ id, row, info }: DesignSummary, { does, book, here, why }: Explanation): Html {
  const paragraph = (name: string, text: string | null) =>
    text !== null && markup`<p><b>${name}.</b> ${text}</p>\n`;
  const place = row === null ? "beyond the book" : `row ${row}`;
  return markup`<article aria-labelledby="design-${id}">
<h3 id="design-${id}">${id} <small>${place}, ${makingOf(info)}</small></h3>
${paragraph("What it does", does)}${paragraph("In the book", book)}${
    paragraph("In this run", here)
  }${paragraph("Why", why)}</article>
`;
}

/** The load, the machine and the plan of the run. */
export function conditions(data: ReportData): Html {
  const { plan: { designs: _, trials, ...plan }, environment } = data.run;
  return markup`<p>${load(data)} ${trials.length} trials.</p>
<p>${machine(data)}</p>
${hosts(data).map((text) => markup`<p>${text}</p>\n`)}<p>${accounts(data)}</p>
<h3>Machine</h3>
<dl class="facts">
${facts(environment)}</dl>
<h3>Plan</h3>
<dl class="facts">
${facts(plan)}</dl>
<p>${
    data.trials
      ? "This page contains the complete record it was generated from."
      : "The record it was generated from is in run.json and trials.jsonl beside this page."
  }
<button type="button" id="save" hidden>Save the record</button></p>`;
}

/** The fields of a record, of any kind. */
function facts(fields: object, prefix = ""): Content {
  return Object.entries<unknown>({ ...fields }).map(([name, value]) => {
    const label = `${prefix}${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return facts(value, `${label} `);
    }
    return markup`<div><dt>${label}</dt><dd>${valueText(value)}</dd></div>\n`;
  });
}

function valueText(value: unknown): string {
  if (value === null) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return Array.isArray(value) ? value.join(", ") : String(value);
}
