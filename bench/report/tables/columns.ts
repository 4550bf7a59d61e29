/**
 * The columns of Table 30.1 and of the table of a sweep.
 *
 * @module
 */
import { findDesign } from "../../../servers/designs.ts";
import type { EventName } from "../../../servers/posix/event_counts.ts";
import { transportOf } from "../../../servers/transports/transport.ts";
import type { Interval } from "../../statistics/median.ts";
import { BOOK_COSTS } from "../summary/book.ts";
import type { DesignSummary, Estimate, Summary } from "../summary/summary.ts";
import { type Cell, type Column, numberCell, signedCell, signedText, textCell } from "./table.ts";

/** A column with its cell for a design. */
export type DesignColumn = Column & { readonly cell: (design: DesignSummary) => Cell };

/** The transport of a local server. */
export const transport: DesignColumn = {
  header: "over",
  field: "transport",
  align: "left",
  cell: ({ id }) => textCell(transportOf(findDesign(id) ?? {}, true)),
};

/** The design and its number of rounds. */
export const identity: readonly DesignColumn[] = [
  { header: "row", field: "row", key: true, cell: ({ row }) => numberCell(row, 0) },
  { header: "design", field: "design", align: "left", key: true, cell: ({ id }) => textCell(id) },
  { header: "n", field: "rounds", only: "text", cell: rounds },
  { header: "n", field: "rounds_ok", only: "csv", cell: ({ n }) => numberCell(n, 0) },
  {
    header: "failed",
    field: "rounds_failed",
    only: "csv",
    cell: (design) => numberCell(failed(design), 0),
  },
];

/** CPU time, its variation, and the process-control part. */
export function costs(spread: Spread): DesignColumn[] {
  return [
    { header: "CPU s", field: "cpu_seconds", detail: true, cell: ({ cpu }) => middle(cpu, 3) },
    {
      header: "MAD %",
      field: "cpu_mad_percent",
      detail: true,
      cell: ({ cpu }) =>
        numberCell(cpu && cpu.n > 1 && cpu.median > 0 ? 100 * cpu.mad / cpu.median : null, 1),
    },
    { header: "process control s", field: "process_control_seconds", cell: processControl },
    {
      header: SPREAD_HEADERS[spread],
      field: "process_control_spread",
      only: "text",
      cell: (design) => spreadCell(design, spread),
    },
    ...spreadColumns,
    {
      header: "CPU µs /conn.",
      field: "cpu_microseconds_per_connection",
      cell: ({ cpuMicrosecondsPerConnection }) => middle(cpuMicrosecondsPerConnection, 1),
    },
  ];
}

/** The same of a request, where a connection has several. */
export const perRequest: readonly DesignColumn[] = [
  {
    header: "CPU µs /req.",
    field: "cpu_microseconds_per_request",
    cell: ({ cpuMicrosecondsPerRequest }) => middle(cpuMicrosecondsPerRequest, 1),
  },
  {
    header: "req. /s",
    field: "requests_per_second",
    cell: ({ requestsPerSecond }) => middle(requestsPerSecond, 0),
  },
];

const spreadColumns: DesignColumn[] = ([
  ["process_control_mad_seconds", ({ mad }) => mad],
  ["process_control_low_seconds", ({ interval }) => interval.low],
  ["process_control_high_seconds", ({ interval }) => interval.high],
  ["process_control_low_high_kind", ({ interval }) => interval.kind],
  ["process_control_low_high_coverage", ({ interval }) => interval.coverage],
  ["process_control_rounds", ({ n }) => n],
] satisfies [string, (estimate: Estimate) => number | string][]).map(([field, pick]) => ({
  header: field,
  field,
  only: "csv",
  cell: ({ processControl }) => raw(processControl && pick(processControl)),
}));

/** Wall time and throughput. */
export const throughput: readonly DesignColumn[] = [
  {
    header: "wall s",
    field: "wall_seconds",
    detail: true,
    cell: ({ wallSeconds }) => middle(wallSeconds, 3),
  },
  {
    header: "conn. /s",
    field: "connections_per_second",
    cell: ({ connectionsPerSecond }) => middle(connectionsPerSecond, 0),
  },
];

const MIB = 1024 * 1024;

/** Connection latency. */
export const latency: readonly DesignColumn[] = ([
  ["p50", "p50"],
  ["p90", "p90"],
  ["p99", "p99"],
  ["p999", "p99.9"],
  ["max", "max"],
] as const).flatMap((
  [which, name],
): DesignColumn[] => [
  // For people in microseconds, like the CPU time beside it; in CSV in seconds, like everything else.
  {
    header: `${name} µs`,
    field: `latency_${which}_microseconds`,
    only: "text",
    detail: which === "p90" || which === "p999" || which === "max",
    cell: ({ latency }) => numberCell(latency[which] && latency[which].median * 1e6, 0),
  },
  {
    header: `${name} s`,
    field: `latency_${which}_seconds`,
    only: "csv",
    cell: ({ latency }) => middle(latency[which], 6),
  },
]);

/** Context switches. */
export const switching: readonly DesignColumn[] = [
  {
    header: "ctx sw. /conn.",
    field: "context_switches_per_connection",
    detail: true,
    cell: ({ switches }) => middle(switches.all, 2),
  },
  ...(["voluntary", "involuntary"] as const).map((which): DesignColumn => ({
    header: `${which} ctx sw. /conn.`,
    field: `${which}_context_switches_per_connection`,
    only: "csv",
    cell: ({ switches }) => middle(switches[which], 2),
  })),
];

/** What the processor and the kernel counted; only what they did count. */
export function events(designs: readonly DesignSummary[]): DesignColumn[] {
  return EVENT_COLUMNS.flatMap(({ name, header, decimals, detail }): DesignColumn[] => {
    if (designs.every(({ events }) => events[name] === null)) return [];
    const field = `${name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`)}_per_connection`;
    const cell: DesignColumn["cell"] = ({ events }) => middle(events[name], decimals);
    return [{ header, field, detail, cell }];
  });
}

const EVENT_COLUMNS: readonly {
  readonly name: EventName;
  readonly header: string;
  readonly decimals: number;
  readonly detail: boolean;
}[] = [
  { name: "instructions", header: "instr. /conn.", decimals: 0, detail: false },
  { name: "cycles", header: "cycles /conn.", decimals: 0, detail: true },
  { name: "pageFaults", header: "page faults /conn.", decimals: 2, detail: true },
  { name: "migrations", header: "migrations /conn.", decimals: 3, detail: true },
];

/** What the events are, where they are shown. */
export function eventNotes(designs: readonly DesignSummary[]): string[] {
  const shown = events(designs).map(({ header }) => header.replace(" /conn.", ""));
  if (shown.length === 0) return [];
  const decides = designs.some(({ events }) => events.instructions !== null);
  return [
    `${
      shown.join(", ")
    }: counted of parent and children, in user and kernel mode (perf_event_open).` +
    (decides
      ? " Instructions vary less than seconds: where all trials have them, differences are judged by them."
      : ""),
  ];
}

const wakeUps: DesignColumn = {
  header: "wake-ups /conn.",
  field: "wake_ups_per_connection",
  only: "text",
  cell: ({ switches }) => middle(switches.voluntary, 2),
};

const emptyAccepts: DesignColumn = {
  header: "empty accepts /conn.",
  field: "empty_accepts_per_connection",
  cell: ({ emptyAccepts }) => middle(emptyAccepts, 2),
};

/**
 * The thundering herd: how often a connection woke parent and children, and how often in vain. Shown where
 * children wait for a connection before they accept it.
 */
export function herd(designs: readonly DesignSummary[]): DesignColumn[] {
  return hasHerd(designs) ? [wakeUps, emptyAccepts] : [{ ...emptyAccepts, only: "csv" }];
}

/** Whether the children of a design wait for a connection before they accept it. */
export function hasHerd(designs: readonly DesignSummary[]): boolean {
  return designs.some(({ info }) => info?.waits !== undefined);
}

/** What the figures of the herd are, where they are shown. */
export function herdNotes(designs: readonly DesignSummary[]): string[] {
  return hasHerd(designs)
    ? [
      "wake-ups: voluntary context switches of parent and children, each of which ends with a wake-up: by a " +
      "connection, or by what a client sends. " +
      "empty accepts: calls of accept that found no connection, because another child had taken it.",
    ]
    : [];
}

/** Memory, and what only the CSV has. */
export const rest: readonly DesignColumn[] = [
  {
    header: "PSS MiB",
    field: "pss_mebibytes",
    only: "text",
    cell: ({ pssBytes }) => numberCell(pssBytes && pssBytes.median / MIB, 1),
  },
  {
    header: "PSS bytes",
    field: "pss_bytes",
    only: "csv",
    cell: ({ pssBytes }) => middle(pssBytes, 0),
  },
  {
    header: "mean PSS MiB",
    field: "mean_pss_mebibytes",
    only: "text",
    detail: true,
    cell: ({ meanPssBytes }) => numberCell(meanPssBytes && meanPssBytes.median / MIB, 1),
  },
  {
    header: "mean PSS bytes",
    field: "mean_pss_bytes",
    only: "csv",
    cell: ({ meanPssBytes }) => middle(meanPssBytes, 0),
  },
  {
    header: "PSS bytes of a child",
    field: "pss_bytes_of_a_child",
    only: "csv",
    cell: ({ pssBytesPerChild }) => middle(pssBytesPerChild, 0),
  },
  {
    header: "client CPU s",
    field: "client_cpu_seconds",
    only: "csv",
    cell: ({ clientCpu }) => middle(clientCpu, 3),
  },
  {
    header: "system share",
    field: "system_share_of_cpu_tick_based",
    only: "csv",
    cell: ({ systemShare }) => middle(systemShare, 2),
  },
];

/** The book's result. */
export const book: DesignColumn = {
  header: "book 3rd ed.",
  field: "book_third_edition_process_control_seconds",
  detail: true,
  cell: ({ row }) => numberCell(BOOK_COSTS.find((cost) => cost.row === row)?.thirdEdition, 2),
};

function middle(estimate: Estimate | null, decimals: number): Cell {
  return numberCell(estimate?.median, decimals);
}

function raw(value: number | string | null): Cell {
  return { value, text: String(value) };
}

function rounds(design: DesignSummary): Cell {
  const bad = failed(design);
  if (bad === 0) return numberCell(design.n, 0);
  return { value: design.n, text: `${design.n}/${design.n + bad}`, warn: true };
}

function failed({ failures }: DesignSummary): number {
  return failures.reduce((sum, { rounds }) => sum + rounds.length, 0);
}

function processControl(design: DesignSummary): Cell {
  const estimate = design.processControl;
  return estimate && design.isBaseline ? { value: 0, text: "0" } : signedCell(estimate?.median, 3);
}

/** Whether the spreads of a run are intervals, ranges or both. */
type Spread = "interval" | "range" | "mixed";

const SPREAD_HEADERS: Record<Spread, string> = {
  interval: "95 % interval",
  range: "range",
  mixed: "95 % interval, or range (r)",
};

/** The kind of spread in a table, for its header. */
export function spreadOf(summary: Pick<Summary, "designs">): Spread {
  const kinds = new Set(spreadsOf(summary).map(({ kind }) => kind));
  if (kinds.size === 2) return "mixed";
  return kinds.has("interval") ? "interval" : "range";
}

/** The intervals and ranges to print. A single round has no spread, and neither has the baseline. */
export function spreadsOf({ designs }: Pick<Summary, "designs">): Interval[] {
  return designs.flatMap(({ isBaseline, processControl }) =>
    !isBaseline && processControl && processControl.n > 1 ? [processControl.interval] : []
  );
}

function spreadCell({ isBaseline, processControl }: DesignSummary, spread: Spread): Cell {
  if (isBaseline && processControl) return textCell("(baseline)");
  if (!processControl || processControl.n < 2) return textCell(null);
  const { low, high, kind } = processControl.interval;
  const mark = spread === "mixed" && kind === "range" ? "r " : "";
  return textCell(`${mark}${signedText(low, 3)}…${signedText(high, 3)}`);
}
