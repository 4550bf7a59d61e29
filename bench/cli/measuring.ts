/**
 * How a command measures: it shows progress, ends on ^C, with its parent or at a time limit, and reports the
 * outcome.
 *
 * @module
 */
import { printEvent, printLine } from "./output.ts";
import { runFolder, shellWord, userPath } from "./paths.ts";
import { ExitCode, RecordError, UsageError } from "../../servers/errors.ts";
import { endWithParent, interrupted } from "./signals.ts";
import { BASELINE, loadText } from "../plan/plan.ts";
import { textProgress } from "./progress.ts";
import type { Plan } from "../record/record.ts";
import { measure, type Outcome, resumeRun, start, type Started } from "../run/record_run.ts";
import { readRecord } from "../record/store.ts";
import { writeDerived } from "../report/files.ts";
import { renderTerminal } from "../report/print.ts";
import { figuresOf } from "../report/summary/figures.ts";
import { type ReportData, reportData } from "../report/summary/report_data.ts";
import type { Observer } from "../run/run.ts";
import { atStart } from "../report/summary/warnings.ts";
import { runNameOf } from "./options.ts";
import { terminalOptions } from "./terminal.ts";
import { asWrittenHere } from "./way_in.ts";

/** Flags of a run that are not part of its plan. */
export interface RunOptions {
  readonly output: string | undefined;
  readonly name: string | undefined;
  readonly json: boolean;
  readonly strict: boolean;
  /** In seconds; 0: no limit. */
  readonly "max-time": number;
  /** Folder of a run that ended early. */
  readonly resume?: string | undefined;
  /** Whether to trace each design's system calls in an extra trial. */
  readonly trace?: boolean;
}

/** The outcome of a run, for a command. */
export interface CommandOutcome extends Outcome {
  readonly data: ReportData;
  /** The exit code of the command. */
  readonly exit: number;
}

/** Flags allowed with --resume: those that do not change the plan. */
const WITH_RESUME = ["resume", "book", "json", "strict", "max-time", "trace"];

/**
 * Runs a plan, or resumes a recorded run, and prints its tables.
 *
 * @throws {UsageError} for flags that would change a recorded plan.
 */
export async function runAndPrint(
  makePlan: () => Plan,
  options: RunOptions & { readonly book?: boolean },
  given: ReadonlySet<string>,
): Promise<CommandOutcome> {
  const others = [...given].filter((name) => !WITH_RESUME.includes(name));
  if (options.resume !== undefined && others.length > 0) {
    throw new UsageError(`Cannot change a run that is resumed: leave out --${others[0]}`);
  }
  const { book = false, json } = options;
  const print = (data: ReportData) =>
    printLine(`\n${renderTerminal(data, { ...terminalOptions(), book })}`);
  const outcome = await recordAsCommand(makePlan, options, print);
  if (!json) printPaths(outcome.folder);
  return outcome;
}

/**
 * Runs a plan, or resumes a recorded run, with progress on standard error.
 *
 * @param print Prints the tables; with `--json` they are an event. On a full disk they are those of what was kept.
 */
export async function recordAsCommand(
  makePlan: () => Plan,
  options: RunOptions,
  print: (data: ReportData) => void,
): Promise<CommandOutcome> {
  const { output, resume, json, trace = false } = options;
  const name = runNameOf(options.name);
  const started = resume === undefined
    ? await start(makePlan(), output === undefined ? undefined : userPath(output), name)
    : resumeRun(runFolder(resume));
  const { store: { folder }, run: { plan }, pending } = started;
  if (started.run.complete) return await showComplete(started, options, print);
  endWithParent();
  if (json) printEvent({ event: "run", folder, plan });
  else {
    printPlan(plan, folder, pending.length);
    for (const { text } of atStart(started.run)) console.error(`Warning: ${text}`);
  }
  const interrupt = interrupted();
  const timeout = timeoutAfter(options["max-time"]);
  const signal = AbortSignal.any([interrupt, timeout]);
  const show = json
    ? (data: ReportData) => printEvent({ event: "summary", ...figuresOf(data) })
    : print;
  const outcome = await withAdvice(
    resumeText(folder),
    () => showingKept(folder, show, () => measureShown(started, json, signal, trace)),
  );
  const data = await reportData(outcome.recorded);
  const { complete, failed } = outcome;
  // The tables first: there may be no room for the files.
  await withAdvice(
    `the record${complete ? " is complete" : " so far is whole"}; ` +
      `write the rest with deno task tables ${shellWord(folder)}`,
    async () => {
      try {
        show(data);
      } finally {
        await writeDerived(folder, data);
      }
    },
  );
  if (json) printEvent({ event: "done", folder, complete, failed });
  if (!complete) printEarlyEnd(folder, timeout.aborted);
  const noisy = options.strict && data.warnings.some(({ isNoise }) => isNoise);
  if (noisy) console.error("Too noisy for --strict: see the warnings");
  const exit = !complete
    ? timeout.aborted ? ExitCode.timedOut : ExitCode.interrupted
    : failed > 0 || noisy
    ? ExitCode.failed
    : ExitCode.ok;
  return { ...outcome, data, exit };
}

/** Shows a run that is resumed although it is complete; its files stay as they are. */
async function showComplete(
  { store, run, done }: Started,
  { json }: RunOptions,
  print: (data: ReportData) => void,
): Promise<CommandOutcome> {
  const { folder } = store;
  store[Symbol.dispose]();
  const recorded = { run, trials: done };
  const data = await reportData(recorded);
  console.error(`The run ${folder} is complete: there is nothing to continue`);
  const failed = done.filter(({ status }) => status !== "ok").length;
  if (json) printEvent({ event: "done", folder, complete: true, failed });
  else print(data);
  return { recorded, folder, complete: true, failed, data, exit: ExitCode.ok };
}

/** Measures. If the record cannot be written any more, shows what was kept of it. */
async function showingKept<T>(
  folder: string,
  show: (data: ReportData) => void,
  measure: () => Promise<T>,
): Promise<T> {
  try {
    return await measure();
  } catch (error) {
    if (error instanceof RecordError) {
      const kept = readRecord(folder);
      // Where standard output itself is full, the first error is the one to report.
      if (kept.trials.length > 0) await reportData(kept).then(show).catch(() => {});
    }
    throw error;
  }
}

async function measureShown(
  started: Started,
  json: boolean,
  signal: AbortSignal,
  trace: boolean,
): Promise<Outcome> {
  if (json) return await measure(started, jsonProgress, signal, trace);
  using progress = textProgress(started.run.plan, started.pending);
  return await measure(started, progress, signal, trace);
}

const jsonProgress: Observer = {
  started: () => {},
  noted: (text) => printEvent({ event: "note", text }),
  ended: (trial) => printEvent({ event: "trial", ...trial }),
  leftOut: (trials) => printEvent({ event: "left out", trials }),
};

function printPlan(plan: Plan, folder: string, pending: number): void {
  const { designs, seed } = plan;
  const { clients, each, bytes, children } = loadText(plan);
  console.error(
    `${designsText(designs)} × ${roundsText(plan)}, ` +
      `${clients} clients × ${each} × ${bytes} bytes, ${children} children, ` +
      `seed ${seed}; ` +
      (pending < plan.trials.length
        ? `${pending} of ${plan.trials.length} trials are left; `
        : "") +
      `recorded in ${folder}`,
  );
}

function roundsText({ rounds, limits: { budget } }: Plan): string {
  if (budget > 0) return `as many rounds as fit into ${budget} s`;
  return rounds === 1 ? "1 round" : `${rounds} rounds`;
}

/** Up to this many designs are named. */
const NAMED = 3;

/** What a plan runs; the baseline always, also where nobody named it. */
function designsText(designs: readonly string[]): string {
  const others = designs.filter((id) => id !== BASELINE);
  if (others.length === 0) return `the baseline ${BASELINE}`;
  const named = others.length > NAMED ? `${others.length} designs` : others.join(", ");
  return `${named} and the baseline ${BASELINE}`;
}

/** Where the results are. */
export function printPaths(folder: string): void {
  printLine(`Report: ${folder}/report.html`);
  printLine(`Recorded in ${folder}`);
}

function printEarlyEnd(folder: string, timedOut: boolean): void {
  console.error(
    `${timedOut ? "Time is up" : "Interrupted"}; the results so far are in ${folder}; ` +
      resumeText(folder),
  );
}

function resumeText(folder: string): string {
  return asWrittenHere(`continue with deno task bench --resume ${shellWord(folder)}`);
}

/** Adds advice to the error if `body` cannot write the record. */
async function withAdvice<T>(advice: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (!(cause instanceof RecordError)) throw cause;
    throw new RecordError(`${cause.message}; ${advice}`, { cause });
  }
}

function timeoutAfter(seconds: number): AbortSignal {
  return seconds === 0 ? new AbortController().signal : AbortSignal.timeout(1000 * seconds);
}
