/**
 * The command `runs`: list the recorded runs under results/, and remove old ones.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { asWrittenHere } from "../cli/way_in.ts";
import { ExitCode, RecordError, UsageError } from "../../servers/errors.ts";
import type { Plan, Run } from "../record/record.ts";
import {
  commitText,
  isOwn,
  oldRuns,
  recordedRuns,
  removeRun,
  type RunInFolder,
} from "../record/runs.ts";
import { isBeingRecorded, readTrials } from "../record/store.ts";
import { countOf, seriesOf } from "../report/summary/series.ts";
import { type Warning, warningsOf } from "../report/summary/warnings.ts";
import { numberCell, plain, type Table, textCell } from "../report/tables/table.ts";
import { toTerminal } from "../report/tables/terminal.ts";

const DAY = 24 * 3600;

const flags = {
  keep: {
    kind: "integer",
    value: "N",
    min: 0,
    max: 1_000_000,
    help: "prune: Keep the N newest runs",
  },
  "older-than": {
    kind: "integer",
    value: "SECONDS",
    min: 0,
    max: 100 * 365 * DAY,
    help: "prune: Keep runs that began within the last SECONDS, such as 30d",
  },
  yes: { kind: "boolean", help: "prune: Remove the other runs, which are only listed without it" },
  json: { kind: "boolean", help: "Print each run as a JSON object" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "runs",
  operands: "[prune]",
  description: "List the recorded runs under results/, the newest first; or remove old ones.\n" +
    "prune never touches results/reference, a run under way, or a folder without a record.",
  examples: [
    ["List the recorded runs", ""],
    ["Keep the last 20, and all of the last month", "prune --keep 20 --older-than 30d --yes"],
  ],
  flags,
  exits: ["record"],
  run: runs,
});

function runs({ operands: [action, ...rest], flags, given }: Options): number {
  if (rest.length > 0 || (action !== undefined && action !== "prune")) {
    throw new UsageError(`Unexpected "${rest[0] ?? action}": write deno task runs, or runs prune`);
  }
  if (action === "prune") return prune(flags);
  const misplaced = [...given].find((name) => name !== "json");
  if (misplaced === undefined) return list(flags.json);
  throw new UsageError(`Cannot use --${misplaced} without prune: write deno task runs prune`);
}

/** A run in the list. */
interface Listed extends RunInFolder {
  /** Number of trials recorded. */
  readonly recorded: number;
  readonly warnings: readonly Warning[];
}

function list(json: boolean): number {
  const listed = recordedRuns(undefined, printUnreadable).flatMap(({ folder, run }) => {
    try {
      const series = seriesOf(readTrials(folder));
      return [{ folder, run, recorded: countOf(series), warnings: warningsOf(run, series) }];
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      printUnreadable(error);
      return [];
    }
  });
  if (json) listed.forEach((run) => printEvent(eventOf(run)));
  else printLine(toTerminal(tableOf(listed), terminalOptions()).trimEnd());
  return ExitCode.ok;
}

function printUnreadable({ message }: RecordError): void {
  console.error(`Not listed: ${message}`);
}

function eventOf({ folder, run, recorded, warnings }: Listed): Record<string, unknown> {
  const { name, startedAt, endedAt, complete, plan, environment: { commit, dirty } } = run;
  const { designs, sweep } = plan;
  return {
    ...{ folder, name, startedAt, endedAt, designs, sweep, commit, dirty, complete },
    rounds: roundsOf(plan),
    trials: { planned: plan.trials.length, recorded },
    warnings: warnings.map(({ text }) => text),
  };
}

function tableOf(runs: readonly Listed[]): Table {
  return {
    title: "Recorded runs",
    columns: [
      { header: "began (UTC)", field: "started_at", align: "left", key: true },
      { header: "folder", field: "folder", align: "left" },
      { header: "name", field: "name", align: "left" },
      { header: "run", field: "run", align: "left" },
      { header: "commit", field: "commit", align: "left" },
      { header: "complete", field: "complete", align: "left" },
      { header: "warnings", field: "warnings" },
    ],
    rows: runs.map((listed) => {
      const { folder, run, warnings } = listed;
      return [
        textCell(timeOf(run)),
        textCell(folder),
        textCell(run.name),
        textCell(whatOf(run.plan)),
        textCell(commitText(run)),
        { ...textCell(stateOf(listed)), warn: !run.complete },
        { ...numberCell(warnings.length, 0), warn: warnings.length > 0 },
      ];
    }),
    footer: [],
    notes: runs.length === 0 ? [asWrittenHere("None yet: deno task bench records one.")] : [],
  };
}

function timeOf({ startedAt }: Run): string {
  return startedAt.slice(0, 16).replace("T", " ");
}

/** Rounds planned; of a run that has ended, the rounds that there were. */
function roundsOf({ trials }: Plan): number {
  return trials.reduce((last, { round }) => Math.max(last, round), 0);
}

function whatOf(plan: Plan): string {
  const { designs, sweep } = plan;
  const values = sweep === null ? [] : [`${sweep.values.length} values of ${sweep.parameter}`];
  return [counted(designs.length, "design"), ...values, counted(roundsOf(plan), "round")].join(
    " × ",
  );
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function stateOf({ folder, run, recorded }: Listed): string {
  if (run.complete) return "yes";
  if (isBeingRecorded(folder)) return "under way";
  return `${recorded} of ${run.plan.trials.length} trials`;
}

function prune(flags: Options["flags"]): number {
  const { keep = 0, "older-than": seconds = 0, yes, json } = flags;
  if (flags.keep === undefined && flags["older-than"] === undefined) {
    throw new UsageError("Cannot prune without a limit: write --keep N, --older-than 30d, or both");
  }
  const before = new Date(Date.now() - 1000 * seconds).toISOString();
  const own = recordedRuns().filter(isOwn);
  const removed = oldRuns(own, { keep, before }).filter(({ folder }) => !isBeingRecorded(folder));
  for (const { folder, run } of removed) {
    if (yes) removeRun(folder);
    if (json) printEvent({ event: yes ? "removed" : "would remove", folder, name: run.name });
    else {
      const name = run.name === null ? "" : `${plain(run.name)}, `;
      const what = `${name}${timeOf(run)}, ${whatOf(run.plan)}`;
      printLine(`${yes ? "Removed" : "Would remove"} ${folder} (${what})`);
    }
  }
  if (json) return ExitCode.ok;
  const kept = `${own.length - removed.length} kept`;
  if (removed.length === 0) printLine(`Nothing to remove: ${kept}`);
  else {printLine(
      yes
        ? `${removed.length} removed, ${kept}`
        : `${removed.length} would be removed, ${kept}; add --yes to remove them`,
    );}
  return ExitCode.ok;
}
