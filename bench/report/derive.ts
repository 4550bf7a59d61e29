/**
 * Everything that follows from a recorded run: the files of its folder, and what `bench` prints.
 * The same record gives the same bytes, anywhere and at any time.
 *
 * @module
 */
import { loadText } from "../plan.ts";
import type { Recorded } from "../record.ts";
import { summarize, type Summary } from "./summary.ts";
import { sweepTable } from "./sweep_table.ts";
import { type Table, type TerminalOptions, toCsv, toMarkdown, toTerminal } from "./table.ts";
import { table301 } from "./table_30_1.ts";
import { table302 } from "./table_30_2.ts";
import { syscallsTable } from "./syscalls.ts";
import { warningsOf } from "./warnings.ts";

/** What to print, and how. */
export interface PrintOptions extends TerminalOptions {
  /** Whether the book's columns stand beside ours in Table 30.2. */
  readonly book: boolean;
}

/** Every derived file of a run's folder: its name and its content. */
export function deriveFiles(recorded: Recorded): Map<string, string> {
  if (recorded.run.plan.sweep) return sweepFiles(recorded);
  const summary = summarize(recorded);
  const about = [...warnings(recorded), ...conditions(summary)];
  const syscalls = syscallsTable(recorded.run.traces);
  return new Map([
    ["table-30.1.md", toMarkdown(withNotes(table301(summary), about))],
    ["table-30.1.csv", toCsv(table301(summary))],
    ["table-30.2.md", toMarkdown(withNotes(table302(summary, { book: true }), about))],
    // Without the book's columns: they are no data of this run.
    ["table-30.2.csv", toCsv(table302(summary))],
    ...(syscalls
      ? [["syscalls.md", toMarkdown(syscalls)], ["syscalls.csv", toCsv(syscalls)]] as const
      : []),
  ]);
}

/** Rounds of a sweep are of different points, which the tables of a run would mix. */
function sweepFiles(recorded: Recorded): Map<string, string> {
  const { table, summary } = sweepTable(recorded);
  return new Map([
    ["sweep.md", toMarkdown(withNotes(table, [...warnings(recorded), ...conditions(summary)]))],
    ["sweep.csv", toCsv(table)],
  ]);
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

function warnings(recorded: Recorded): string[] {
  return warningsOf(recorded).map(({ text }) => `Warning: ${text}`);
}

/** Under which conditions a run was measured, and what went wrong. */
function conditions(summary: Summary): string[] {
  return [...problems(summary), load(summary), machine(summary)];
}

function load({ run: { plan } }: Summary): string {
  const { sessions, pin, netns, local, seed } = plan;
  const { clients, connections, bytes, think, children } = loadText(plan);
  const all = plan.clients * plan.connections;
  const pinned = (["server", "client"] as const).flatMap((side) =>
    pin[side] ? [`${side} on processors ${pin[side].join(",")}`] : []
  );
  return `Load: ${clients} × ${connections} × ${bytes} (clients × connections × bytes), ` +
    `${all} connections; the baseline's: 1 × ${all} × ${bytes}. ` +
    (think !== "0"
      ? `Clients wait ${think} ms between connections, the baseline's does not. `
      : "") +
    `${children} children in a pool. ` +
    `Server and client in ${sessions === "same" ? "the same session" : "separate sessions"}` +
    `${pinned.map((place) => `, ${place}`).join("")}` +
    `${netns ? "; in a network namespace of its own" : ""}` +
    `${local ? "; reached locally, not over TCP" : ""}; seed ${seed}.`;
}

function machine({ run: { environment, herd, startedAt } }: Summary): string {
  const { system, kernel, architecture, processors, cpu, libc, deno, v8 } = environment;
  return `Machine: ${system} ${kernel} ${architecture}, ${processors} × ${cpu ?? "unknown CPU"}` +
    `${libc === null ? "" : `, ${libc}`}; Deno ${deno}, V8 ${v8}; Herd ${herd}, ${startedAt}.`;
}

function problems({ run, designs, recordedTrials }: Summary): string[] {
  const { fork } = run.environment;
  const planned = run.plan.trials.length;
  return [
    ...(designs.some(({ n }) => n > 0) ? [] : ["No trial counts: there is nothing to report."]),
    ...(run.complete ? [] : [`Incomplete: ${recordedTrials} of ${planned} trials were run.`]),
    ...(fork.works ? [] : [`fork(2) does not work here: ${fork.reason ?? "no reason recorded"}.`]),
    ...designs.flatMap(({ id, failures }) =>
      failures.map(({ reason, rounds }) =>
        `Failed, not counted: ${id} in ${rounds.length === 1 ? "round" : "rounds"} ` +
        `${rounds.join(", ")}: ${reason}`
      )
    ),
  ];
}
