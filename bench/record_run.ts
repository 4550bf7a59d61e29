/**
 * Runs a plan and records it: the part that every command which measures has in common.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { printEvent } from "../servers/cli.ts";
import { UnsupportedError } from "../servers/posix/libc.ts";
import { proveFork } from "../servers/posix/fork.ts";
import { dieWithParent, getppid } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { readEnvironment } from "./environment.ts";
import { textProgress } from "./progress.ts";
import { readLimits, shortfall } from "./preflight.ts";
import { type Plan, type Recorded, type Run, SCHEMA_VERSION, type Trial } from "./record.ts";
import { type Observer, runPlan } from "./run.ts";
import { Store } from "./store.ts";
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

/** Runs a plan as a command does: with progress, ended by ^C, and by the end of its parent. */
export async function recordAsCommand(
  plan: Plan,
  { output, json }: { output: string | undefined; json: boolean },
): Promise<Outcome> {
  dieWithParent(getppid(), Signal.TERM);
  const folder = output ?? defaultFolder();
  const observer: Observer = json
    ? { started: () => {}, ended: (trial) => printEvent({ event: "trial", ...trial }) }
    : textProgress(plan);
  const announce = () => json ? printEvent({ event: "run", folder, plan }) : sayPlan(plan, folder);
  const outcome = await recordRun(plan, { folder, observer, signal: interrupted(), announce });
  const { complete, failed } = outcome;
  if (json) printEvent({ event: "done", folder, complete, failed });
  if (!complete) console.error(`bench: interrupted; what was measured is in ${folder}`);
  return outcome;
}

/** Runs a plan and records it in a new folder, tables and all. */
export async function recordRun(
  plan: Plan,
  { folder = defaultFolder(), observer = SILENT, signal = NEVER, announce = () => {} }: {
    folder?: string;
    observer?: Observer;
    signal?: AbortSignal;
    announce?: () => void;
  },
): Promise<Outcome> {
  const run: Run = {
    schema: SCHEMA_VERSION,
    herd: config.version,
    startedAt: new Date().toISOString(),
    endedAt: null,
    complete: false,
    plan,
    environment: readEnvironment(proveFork()),
  };
  const missing = shortfall(plan, readLimits());
  if (missing !== undefined) throw new UnsupportedError(`Cannot run this plan: ${missing}`);
  using store = new Store(folder, run);
  announce();
  let failed = 0;
  const record = (trial: Trial) => {
    store.add(trial);
    if (trial.status === "failed") failed++;
  };
  const complete = await runPlan(plan, runTrial, record, observer, signal);
  store.writeRun({ ...run, complete, endedAt: new Date().toISOString() });
  return { recorded: store.derive(), folder, complete, failed };
}

const SILENT: Observer = { started: () => {}, ended: () => {} };
const NEVER = new AbortController().signal;

function defaultFolder(): string {
  return `results/${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
}

function sayPlan(plan: Plan, folder: string): void {
  const { designs, rounds, clients, connections, bytes, children, seed } = plan;
  console.error(
    `${designs.length} designs × ${rounds} ${rounds === 1 ? "round" : "rounds"}, ` +
      `${clients} clients × ${connections} connections × ${bytes} bytes, ${children} children, ` +
      `seed ${seed}; recorded in ${folder}`,
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
