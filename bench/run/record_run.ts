/**
 * Runs a plan and records it.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { RecordError, UnsupportedError, UsageError } from "../../servers/errors.ts";
import { probeFork } from "../../servers/posix/fork.ts";
import { enterNetworkNamespace } from "../../servers/posix/network.ts";
import { readEnvironment } from "../machine/environment.ts";
import { readLimits, shortfall } from "../plan/preflight.ts";
import {
  type Plan,
  type Recorded,
  type Run,
  SCHEMA_VERSION,
  type Trial,
} from "../record/record.ts";
import { type Observer, runPlan } from "./run.ts";
import { readRecord, Store } from "../record/store.ts";
import { systemTimeWaits, waitForRoom } from "./time_wait.ts";
import { traceDesigns } from "./trace.ts";
import { type Executor, runTrial } from "./trial.ts";

/** How a run went. */
export interface Outcome {
  readonly recorded: Recorded;
  readonly folder: string;
  /** Whether every planned trial was run. */
  readonly complete: boolean;
  /** Trials that do not count. */
  readonly failed: number;
}

/** Runs a plan and records it in a new folder. */
export function recordRun(
  plan: Plan,
  { folder = defaultFolder(), signal = NEVER }: { folder?: string; signal?: AbortSignal },
): Promise<Outcome> {
  return measure(start(plan, folder), SILENT, signal);
}

/** A run whose record is open, and what is left to do. */
export interface Started {
  readonly store: Store;
  readonly run: Run;
  /** What was run before. */
  readonly done: readonly Trial[];
  readonly pending: Plan["trials"];
}

/**
 * Opens a new run.
 *
 * @throws {UsageError} for a folder that cannot be written, or is not empty.
 * @throws {UnsupportedError} where this machine cannot run the plan.
 */
export function start(plan: Plan, folder: string): Started {
  if (plan.netns) enterNetworkNamespace();
  const missing = shortfall(plan, readLimits());
  if (missing !== undefined) throw new UnsupportedError(`Cannot run this plan: ${missing}`);
  const run: Run = {
    schema: SCHEMA_VERSION,
    herd: config.version,
    startedAt: new Date().toISOString(),
    endedAt: null,
    complete: false,
    plan,
    environment: readEnvironment(probeFork()),
    traces: [],
  };
  return { store: Store.create(folder, run), run, done: [], pending: plan.trials };
}

/**
 * Opens a run that ended early. A trial that was run stays, also one that failed.
 *
 * @throws {RecordError} if there is no such run.
 * @throws {UsageError} where it was measured on something else than this.
 */
export function goOn(folder: string): Started {
  const { run, trials } = readRecord(folder);
  if (run.plan.netns) enterNetworkNamespace();
  const { environment } = run;
  const here = readEnvironment(probeFork());
  for (const name of ["kernel", "architecture", "cpu", "processors", "deno", "herd"] as const) {
    const [then, now] = name === "herd"
      ? [run.herd, config.version]
      : [environment[name], here[name]];
    if (then === now) continue;
    throw new UsageError(
      `Cannot resume ${folder} here: its ${name} is ${then}, this one is ${now}; start a new run`,
    );
  }
  const wasRun = isAmong(trials);
  const pending = run.plan.trials.filter((planned) => !wasRun(planned));
  return { store: Store.reopen(folder), run, done: trials, pending };
}

type PlaceInRun = Pick<Trial, "round" | "position">;

/** Tells whether a planned trial is among those that were run. */
function isAmong(trials: readonly PlaceInRun[]): (planned: PlaceInRun) => boolean {
  const key = ({ round, position }: PlaceInRun) => `${round} ${position}`;
  const keys = new Set(trials.map(key));
  return (planned) => keys.has(key(planned));
}

/**
 * Runs what is left to do, and closes the record.
 *
 * @throws {RecordError} where it cannot be written. It says how many trials are kept; `goOn` runs the others.
 */
export async function measure(
  started: Started,
  observer: Observer,
  signal: AbortSignal,
  trace = false,
): Promise<Outcome> {
  using store = started.store;
  const trials = [...started.done];
  const record = (trial: Trial) => {
    store.add(trial);
    trials.push(trial);
  };
  try {
    const complete = await runPending(started, record, observer, signal);
    await close(started, trials, complete, trace ? observer : undefined, signal);
    const recorded = readRecord(store.folder);
    const failed = recorded.trials.filter(({ status }) => status !== "ok").length;
    return { recorded, folder: store.folder, complete, failed };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const kept = `${trials.length} of ${started.run.plan.trials.length} trials are recorded`;
    throw new RecordError(`${error.message}; ${kept} in ${store.folder}`, { cause: error });
  }
}

/** Runs what is left to do. The result is whether all of it was done. */
async function runPending(
  { run: { plan }, done, pending }: Started,
  record: (trial: Trial) => void,
  observer: Observer,
  signal: AbortSignal,
): Promise<boolean> {
  const note = (text: string) => observer.noted(text);
  const execute: Executor = async (planned, plan, signal) => {
    if (!plan.local) await waitForRoom(planned, systemTimeWaits(), signal, note);
    return await runTrial(planned, plan, signal);
  };
  return await runPlan(plan, execute, record, observer, signal, { done, pending });
}

/** Writes `run.json` for the last time, with traces of system calls where `tracing` is to hear of them. */
async function close(
  { store, run }: Started,
  trials: readonly Trial[],
  complete: boolean,
  tracing: Observer | undefined,
  signal: AbortSignal,
): Promise<void> {
  const traces = tracing && complete
    ? await traceDesigns(run.plan, (text) => tracing.noted(text), signal)
    : run.traces;
  const planned = complete ? run.plan.trials.filter(isAmong(trials)) : run.plan.trials;
  const plan = { ...run.plan, trials: planned };
  store.writeRun({ ...run, plan, complete, traces, endedAt: new Date().toISOString() });
}

const SILENT: Observer = { started() {}, noted() {}, ended() {}, leftOut() {} };
const NEVER = new AbortController().signal;

/** Where a run is recorded that is not told where. */
export function defaultFolder(): string {
  return `results/${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}
