/**
 * Runs a plan and records it.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { RecordError, UnsupportedError, UsageError } from "../../servers/errors.ts";
import { probeFork } from "../../servers/posix/fork.ts";
import { enterNetworkNamespace } from "../../servers/posix/network.ts";
import { Link } from "../agents/link.ts";
import { readEnvironment } from "../machine/environment.ts";
import { makeOutputFolder, makeOwnFolder } from "../record/folder.ts";
import { readLimits, shortfall } from "../plan/preflight.ts";
import {
  type Plan,
  type Recorded,
  type Run,
  SCHEMA_VERSION,
  type Trial,
} from "../record/record.ts";
import { type Observer, runPlan } from "./run.ts";
import { RESULTS } from "../record/runs.ts";
import { readRecord, readRun, Store } from "../record/store.ts";
import { systemTimeWaits, waitForRoom } from "./time_wait.ts";
import { lookUpWorkers, requireWays } from "./owners.ts";
import { traceDesigns } from "./trace.ts";
import { type Executor, runTrial } from "./trial.ts";

/** The outcome of a run. */
export interface Outcome {
  readonly recorded: Recorded;
  readonly folder: string;
  /** Whether every planned trial has run. */
  readonly complete: boolean;
  /** Number of trials that do not count. */
  readonly failed: number;
}

/** Runs a plan and records it in a new folder. */
export async function recordRun(
  plan: Plan,
  { folder, signal = NEVER }: { folder?: string; signal?: AbortSignal },
): Promise<Outcome> {
  return await measure(await start(plan, folder), SILENT, signal);
}

/** A run with an open record, and its pending trials. */
export interface Started {
  readonly store: Store;
  readonly run: Run;
  /** Trials that have run before. */
  readonly done: readonly Trial[];
  readonly pending: Plan["trials"];
}

/**
 * Starts a new run, by default in a new folder of its own.
 *
 * @throws {UsageError} for a folder that cannot be created, or is not empty.
 * @throws {UnsupportedError} if this machine cannot run the plan.
 * @throws {FailedError} if another machine cannot be reached.
 */
export async function start(
  plan: Plan,
  folder: string | undefined,
  name: string | null = null,
): Promise<Started> {
  if (plan.netns) enterNetworkNamespace();
  const missing = shortfall(plan, readLimits());
  if (missing !== undefined) throw new UnsupportedError(`Cannot run this plan: ${missing}`);
  requireWays(plan);
  const run: Run = {
    schema: SCHEMA_VERSION,
    herd: config.version,
    name,
    startedAt: new Date().toISOString(),
    endedAt: null,
    complete: false,
    plan,
    environment: readEnvironment(probeFork()),
    hosts: await findHosts(plan),
    traces: [],
    workers: [],
  };
  const own = folder ?? makeOwnFolder(defaultFolder(name));
  return { store: Store.create(own, run), run, done: [], pending: plan.trials };
}

/** What the other machines of a plan are. */
async function findHosts({ hosts }: Plan): Promise<Run["hosts"]> {
  if (hosts === null) return [];
  const { via, clients, server } = hosts;
  const parts = [
    { part: "server", names: server === null ? [] : [server] },
    { part: "clients", names: clients },
  ] as const;
  const found: Run["hosts"] = [];
  for (const { part, names } of parts) {
    if (names.length === 0) continue;
    await using link = await Link.open({ names, via });
    for (const [host, environment] of link.environments) found.push({ host, part, environment });
  }
  return found;
}

/** What a run is resumed with the same of. */
const RESUMED_WITH = [
  "kernel",
  "architecture",
  "cpu",
  "processors",
  "loopback",
  "deno",
  "herd",
] as const;

/**
 * Resumes a run that ended early. Trials that have run are kept, also failed ones.
 *
 * @throws {RecordError} if there is no such run.
 * @throws {UsageError} if it was measured on another machine, or with other versions; or another program
 * records there.
 */
export function resumeRun(folder: string): Started {
  const run = readRun(folder);
  if (!run.complete) requireSameMachine(folder, run);
  // Read once nobody else can record there: what another resume has run since is not to run again.
  using locked = new DisposableStack();
  const store = locked.use(Store.reopen(folder));
  const latest = readRecord(folder);
  const wasRun = isAmong(latest.trials);
  const pending = latest.run.plan.trials.filter((planned) => !wasRun(planned));
  locked.move();
  return { store, run: latest.run, done: latest.trials, pending };
}

/** Enters the run's network namespace, if it has one. @throws {UsageError} on another machine than before. */
function requireSameMachine(folder: string, { plan, herd, environment }: Run): void {
  if (plan.netns) enterNetworkNamespace();
  const here = readEnvironment(probeFork());
  for (const name of RESUMED_WITH) {
    const [then, now] = name === "herd" ? [herd, config.version] : [environment[name], here[name]];
    if (then === now) continue;
    throw new UsageError(
      `Cannot resume ${folder} here: its ${name} is ${then}, this one is ${now}; start a new run`,
    );
  }
}

type PlaceInRun = Pick<Trial, "round" | "position">;

/** Returns a test for planned trials: whether they have run. */
function isAmong(trials: readonly PlaceInRun[]): (planned: PlaceInRun) => boolean {
  const key = ({ round, position }: PlaceInRun) => `${round} ${position}`;
  const keys = new Set(trials.map(key));
  return (planned) => keys.has(key(planned));
}

/**
 * Runs the pending trials, and completes the record.
 *
 * @throws {RecordError} if it cannot be written. The message has the number of trials that are kept;
 * `resumeRun` runs the others.
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
    await close(started, trials, complete, { observer, trace }, signal);
    const recorded = readRecord(store.folder);
    const failed = recorded.trials.filter(({ status }) => status !== "ok").length;
    return { recorded, folder: store.folder, complete, failed };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const kept = `${trials.length} of ${started.run.plan.trials.length} trials are recorded`;
    throw new RecordError(`${error.message}; ${kept} in ${store.folder}`, { cause: error });
  }
}

/** Runs the pending trials. Returns whether all of them have run. */
async function runPending(
  { store, run: { plan }, done, pending }: Started,
  record: (trial: Trial) => void,
  observer: Observer,
  signal: AbortSignal,
): Promise<boolean> {
  const note = (text: string) => observer.noted(text);
  const output = plan.externals.length > 0 ? makeOutputFolder(store.folder) : null;
  const execute: Executor = async (planned, plan, signal) => {
    const isHere = !plan.local && (plan.hosts?.clients.length ?? 0) === 0;
    if (isHere) await waitForRoom(planned, systemTimeWaits(), signal, note);
    return await runTrial(planned, plan, signal, output);
  };
  return await runPlan(plan, execute, record, observer, signal, { done, pending });
}

/** Writes the final `run.json`, after the extra trials that are not measured. */
async function close(
  { store, run }: Started,
  trials: readonly Trial[],
  complete: boolean,
  { observer, trace }: { readonly observer: Observer; readonly trace: boolean },
  signal: AbortSignal,
): Promise<void> {
  const note = (text: string) => observer.noted(text);
  const workers = complete ? await lookUpWorkers(run.plan, trials, note, signal) : run.workers;
  const traces = trace && complete ? await traceDesigns(run.plan, note, signal) : run.traces;
  const planned = complete ? run.plan.trials.filter(isAmong(trials)) : run.plan.trials;
  const rounds = complete ? (planned.at(-1)?.round ?? run.plan.rounds) : run.plan.rounds;
  const plan = { ...run.plan, rounds, trials: planned };
  store.writeRun({ ...run, plan, complete, traces, workers, endedAt: new Date().toISOString() });
}

const SILENT: Observer = { started() {}, noted() {}, ended() {}, leftOut() {} };
const NEVER = new AbortController().signal;

/** The default folder of a record, whose run may have a name. */
export function defaultFolder(name: string | null = null): string {
  const time = `${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
  return `${RESULTS}/${name === null ? time : `${time}-${name}`}`;
}
