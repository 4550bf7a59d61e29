/**
 * Runs a plan and records it: the part that every command which measures has in common.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { printEvent, UsageError, userPath } from "../servers/cli.ts";
import { UnsupportedError } from "../servers/posix/libc.ts";
import { proveFork } from "../servers/posix/fork.ts";
import { dieWithParent, getppid } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { readEnvironment } from "./environment.ts";
import { textProgress } from "./progress.ts";
import { readLimits, shortfall } from "./preflight.ts";
import { type Plan, type Recorded, type Run, SCHEMA_VERSION, type Trial } from "./record.ts";
import { type Observer, runPlan } from "./run.ts";
import { readRecord, Store } from "./store.ts";
import { runTrial } from "./trial.ts";

/** How a run went. */
export interface Outcome {
  readonly recorded: Recorded;
  readonly folder: string;
  /** Whether every planned trial was run. */
  readonly complete: boolean;
  /** Trials that do not count. */
  readonly failed: number;
}

/** Where a command's run goes: into a new folder, or on with a run that ended early. */
export interface Destination {
  readonly output: string | undefined;
  readonly resume?: string | undefined;
  readonly json: boolean;
}

/** Runs a plan as a command does: with progress, ended by ^C, and by the end of its parent. */
export async function recordAsCommand(
  makePlan: () => Plan,
  { output, resume, json }: Destination,
): Promise<Outcome> {
  dieWithParent(getppid(), Signal.TERM);
  const started = resume === undefined
    ? start(makePlan(), output === undefined ? defaultFolder() : userPath(output))
    : goOn(userPath(resume).replace(/\/+$/, ""));
  const { store: { folder }, run: { plan }, pending } = started;
  if (json) printEvent({ event: "run", folder, plan });
  else sayPlan(plan, folder, pending.length);
  const observer: Observer = json
    ? { started: () => {}, ended: (trial) => printEvent({ event: "trial", ...trial }) }
    : textProgress(plan);
  const outcome = await finish(started, observer, interrupted());
  const { complete, failed } = outcome;
  if (json) printEvent({ event: "done", folder, complete, failed });
  if (!complete) {
    console.error(
      `Interrupted; what was measured is in ${folder}; ` +
        `deno task bench --resume ${folder} goes on with it`,
    );
  }
  return outcome;
}

/** Runs a plan and records it in a new folder, tables and all. */
export function recordRun(
  plan: Plan,
  { folder = defaultFolder(), signal = NEVER }: { folder?: string; signal?: AbortSignal },
): Promise<Outcome> {
  return finish(start(plan, folder), SILENT, signal);
}

/** A run whose record is open, and what is left to do. */
interface Started {
  readonly store: Store;
  readonly run: Run;
  readonly pending: Plan["trials"];
}

function start(plan: Plan, folder: string): Started {
  const missing = shortfall(plan, readLimits());
  if (missing !== undefined) throw new UnsupportedError(`Cannot run this plan: ${missing}`);
  const run: Run = {
    schema: SCHEMA_VERSION,
    herd: config.version,
    startedAt: new Date().toISOString(),
    endedAt: null,
    complete: false,
    plan,
    environment: readEnvironment(proveFork()),
    traces: [],
  };
  return { store: Store.create(folder, run), run, pending: plan.trials };
}

/** Opens a run that ended early. A trial that was run stays, also one that failed. */
function goOn(folder: string): Started {
  const { run, trials } = readRecord(folder);
  const { environment } = run;
  const here = readEnvironment(proveFork());
  for (const name of ["kernel", "architecture", "cpu", "processors", "deno", "herd"] as const) {
    const [then, now] = name === "herd"
      ? [run.herd, config.version]
      : [environment[name], here[name]];
    if (then === now) continue;
    throw new UsageError(
      `Cannot resume ${folder} here: its ${name} is ${then}, this one is ${now}; start a new run`,
    );
  }
  const key = ({ round, position }: { round: number; position: number }) => `${round} ${position}`;
  const done = new Set(trials.map(key));
  const pending = run.plan.trials.filter((planned) => !done.has(key(planned)));
  return { store: Store.reopen(folder), run, pending };
}

async function finish(
  { store, run, pending }: Started,
  observer: Observer,
  signal: AbortSignal,
): Promise<Outcome> {
  using _ = store;
  const record = (trial: Trial) => store.add(trial);
  const complete = await runPlan(run.plan, runTrial, record, observer, signal, pending);
  store.writeRun({ ...run, complete, endedAt: new Date().toISOString() });
  const recorded = store.derive();
  const failed = recorded.trials.filter(({ status }) => status === "failed").length;
  return { recorded, folder: store.folder, complete, failed };
}

const SILENT: Observer = { started: () => {}, ended: () => {} };
const NEVER = new AbortController().signal;

function defaultFolder(): string {
  return `results/${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}

function sayPlan(plan: Plan, folder: string, pending: number): void {
  const { designs, rounds, clients, connections, bytes, children, seed } = plan;
  console.error(
    `${designs.length} designs × ${rounds} ${rounds === 1 ? "round" : "rounds"}, ` +
      `${clients} clients × ${connections} connections × ${bytes} bytes, ${children} children, ` +
      `seed ${seed}; ` +
      (pending < plan.trials.length
        ? `${pending} of ${plan.trials.length} trials are left; `
        : "") +
      `recorded in ${folder}`,
  );
}

/** Aborts at SIGINT (^C), SIGTERM or SIGHUP. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  return controller.signal;
}
