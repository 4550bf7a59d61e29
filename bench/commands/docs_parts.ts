/**
 * The parts of the pages that follow from the code and the reference run.
 *
 * @module
 */
import { designs, findDesign } from "../../servers/designs.ts";
import { ExitCode } from "../../servers/errors.ts";
import { type Command, helpText } from "../cli/command.ts";
import { compareRuns, toShow } from "../compare/records.ts";
import { type Exit, EXIT_CODES } from "../cli/exit_codes.ts";
import type { Recorded } from "../record/record.ts";
import { MAKINGS } from "../report/charts/theme.ts";
import { explain } from "../report/html/explain.ts";
import { makingsOf, matrixOf } from "../report/html/matrix.ts";
import { conditions } from "../report/summary/conditions.ts";
import { type DesignSummary, summarize, type Summary } from "../report/summary/summary.ts";
import { seriesOf } from "../report/summary/series.ts";
import { sweepData } from "../report/summary/sweep.ts";
import { comparisonTable } from "../report/tables/comparison_table.ts";
import { sweepTable } from "../report/tables/sweep_table.ts";
import {
  type Cell,
  type Column,
  type Table,
  textCell,
  toMarkdown,
} from "../report/tables/table.ts";
import { table301 } from "../report/tables/table_30_1.ts";
import { table302 } from "../report/tables/table_30_2.ts";

/** What the parts are made of. */
export interface Sources {
  readonly reference: Recorded;
  readonly sweep: Recorded;
  /** A run of external servers. */
  readonly external: Recorded;
  /** The same load from one host, and from three. */
  readonly hosts: readonly [one: Recorded, three: Recorded];
  readonly commands: readonly Command[];
}

/** Every part, by the name that its marker has. */
export function docsParts(
  { reference, sweep, external, hosts, commands }: Sources,
): Map<string, string> {
  const { run, trials } = reference;
  const summary = summarize(reference);
  const registered = summarize({
    run: { ...run, plan: { ...run.plan, designs: designs.map(({ id }) => id) } },
    trials,
  });
  const ofTheBook = summary.designs.filter(({ row }) => row !== null);
  // What differs where children are Deno programs of their own is told in docs/designs.md.
  const forked = summary.designs.filter(({ info }) => info?.children !== "subprocess");
  return new Map([
    [
      "table-30.1",
      withConditions(costsTable({ ...summary, designs: forked }), summary),
    ],
    ["table-external", externalTable(summarize(external))],
    ["table-hosts", hostsTable(...hosts)],
    ["table-30.2", markdown(table302({ ...summary, designs: ofTheBook }))],
    ["matrix", markdown(matrixTable(registered))],
    ["designs", registered.designs.map((design) => designText(design, registered)).join("\n\n")],
    ["sweep", markdown(tooManyTable(sweep))],
    ["commands", commands.map(commandText).join("\n\n")],
    ["exit-codes", markdown(exitCodesTable())],
  ]);
}

/** What a connection to external servers costs, and where it was measured. */
function externalTable(summary: Summary): string {
  const table = pick(table301(summary), [
    "design",
    "rounds",
    "cpu_microseconds_per_connection",
    "connections_per_second",
    "latency_p99_microseconds",
    "pss_mebibytes",
  ]);
  return withConditions(table, summary);
}

/** What other clients change, and where it was measured. Intervals are wide, as `compare --across` has them. */
function hostsTable(one: Recorded, three: Recorded): string {
  const table = comparisonTable("", toShow(compareRuns(one, three, true).designs), []);
  const fields = [
    "design",
    "metric",
    "a_median",
    "b_median",
    "ratio",
    "ratio_95_interval",
    "finding",
  ];
  return withConditions(pick(table, fields), summarize(three));
}

/** A table, and how and where it was measured. */
function withConditions(table: Table, summary: Summary): string {
  return [markdown(table), ...conditions(summary)].join("\n\n");
}

/** What a connection and a worker cost in each design. */
function costsTable(summary: Summary): Table {
  const costs = table301(summary);
  const baseline = summary.designs.find(({ isBaseline }) => isBaseline);
  const workers: Table = {
    ...costs,
    columns: perWorker.map(({ header }) => ({ header, field: header })),
    rows: summary.designs.map((design) =>
      perWorker.map(({ cell }) => textCell(cell(design, baseline)))
    ),
  };
  return sideBySide(
    pick(costs, [
      "row",
      "design",
      "cpu_microseconds_per_connection",
      "process_control_seconds",
      "process_control_spread",
      "connections_per_second",
      "latency_p99_microseconds",
      "pss_mebibytes",
    ]),
    workers,
    pick(costs, ["book_third_edition_process_control_seconds"]),
  );
}

const MIB = 1024 * 1024;

/** What the workers of a pool had and did in the last round that counts; fewest and most. */
const perWorker: readonly {
  readonly header: string;
  readonly cell: (design: DesignSummary, baseline: DesignSummary | undefined) => string | null;
}[] = [
  {
    header: "MiB per worker",
    cell: ({ pssBytes, distribution }, baseline) =>
      pssBytes && distribution && baseline?.pssBytes
        ? ((pssBytes.median - baseline.pssBytes.median) / MIB / distribution.children.length)
          .toFixed(1)
        : null,
  },
  {
    header: "clients per worker",
    cell: ({ distribution }) =>
      distribution && range(distribution.children.map(({ connections }) => connections)),
  },
  {
    header: "CPU ms per worker",
    cell: ({ distribution }) =>
      distribution &&
      range(distribution.children.map(({ cpuSeconds }) => 1000 * (cpuSeconds ?? NaN))),
  },
];

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}`;
}

/** Who accepts, by how children are made. */
function matrixTable(summary: Summary): Table {
  const makings = makingsOf(summary);
  return {
    title: "",
    columns: ["who accepts", ...makings.map((making) => MAKINGS[making].name)].map(column),
    rows: matrixOf(summary).map(({ accepts, cells }) => [
      textCell(accepts),
      ...makings.map((making) =>
        textCell((cells[making] ?? []).map(({ design }) => design.id).join(", "))
      ),
    ]),
    footer: [],
    notes: [],
  };
}

function designText(design: DesignSummary, summary: Summary): string {
  const { does, why, here, book } = explain(design, summary);
  const url = findDesign(design.id)!.listing;
  const path = url.slice(url.lastIndexOf("servers/"));
  return [
    `### ${design.id}`,
    `${does} ${why ?? ""}`.trim(),
    ...(design.n > 0 ? [`**Here:** ${here}`] : []),
    ...(book ? [`**Book:** ${book}`] : []),
    `Listing: [\`${path}\`](../${path})`,
  ].join("\n\n");
}

/** Sizes of a pool that show what happens: the book's usual one, the middle and one far beyond. */
const SIZES = ["all", "15", "75", "300"];

/** Too many children, at a few sizes. */
function tooManyTable(sweep: Recorded): Table {
  const table = sweepTable(summarize(sweep), sweepData(sweep.run, seriesOf(sweep.trials))!);
  const size = table.columns.findIndex(({ field }) => field === "children");
  const rows = table.rows.filter((row) => SIZES.includes(row[size]!.text));
  const ofTheBook = table.columns.map(({ field }) => field)
    .filter((field) => field.startsWith("book_"));
  return pick({ ...table, rows }, [
    "row",
    "design",
    "children",
    "cpu_microseconds_per_connection",
    "process_control_seconds",
    "process_control_spread",
    "connections_per_second",
    "context_switches_per_connection",
    ...ofTheBook,
  ]);
}

function commandText(command: Command): string {
  return `### ${command.name}\n\n\`\`\`text\n${helpText(command)}\n\`\`\``;
}

function exitCodesTable(): Table {
  return {
    title: "",
    columns: [{ header: "code", field: "code" }, column("meaning")],
    rows: Object.entries(ExitCode).map(([name, code]) => [
      textCell(String(code)),
      textCell(EXIT_CODES[name as Exit]),
    ]),
    footer: [],
    notes: [],
  };
}

function column(header: string): Column {
  return { header, field: header, align: "left" };
}

/** The columns of a table that have these fields, in this order. */
function pick(table: Table, fields: readonly string[]): Table {
  const indexes = fields.map((field) =>
    table.columns.findIndex((column) => column.field === field && column.only !== "csv")
  );
  const select = <T>(items: readonly T[]) => indexes.map((index) => items[index]!);
  return {
    ...table,
    columns: select<Column>(table.columns),
    rows: table.rows.map((row) => select<Cell>(row)),
  };
}

/** One table of several that have the same rows. */
function sideBySide(...tables: readonly [Table, ...Table[]]): Table {
  return {
    ...tables[0],
    columns: tables.flatMap(({ columns }) => columns),
    rows: tables[0].rows.map((_, index) => tables.flatMap(({ rows }) => rows[index]!)),
  };
}

/** A table alone, with its columns aligned as `deno fmt` aligns them. */
function markdown(table: Table): string {
  const lines = toMarkdown({ ...table, notes: [] }).trimEnd().split("\n").slice(2);
  const rows = lines.map((line) => line.slice(2, -2).split(" | "));
  const isLeft = rows[1]!.map((rule) => rule.startsWith(":"));
  const widths = isLeft.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)));
  return rows.map((row, at) => {
    const cells = row.map((text, index) => {
      const width = widths[index]!;
      if (at === 1) return isLeft[index] ? text.padEnd(width, "-") : text.padStart(width, "-");
      return isLeft[index] ? text.padEnd(width) : text.padStart(width);
    });
    return `| ${cells.join(" | ")} |`;
  }).join("\n");
}
