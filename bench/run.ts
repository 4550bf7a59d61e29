/**
 * A run: every planned trial in turn, each recorded as it ends.
 *
 * @module
 */
import type { Plan, Trial } from "./record.ts";
import type { Executor, Planned } from "./trial.ts";

/** Who hears of a run's progress. */
export interface Observer {
  /** A trial starts. */
  started(planned: Planned): void;
  /** Something else is to be known: why it waits, what it does besides trials. */
  noted(text: string): void;
  /** A trial ended and is recorded. */
  ended(trial: Trial): void;
}

/**
 * Runs a plan, or what is pending of it. A trial that fails is recorded like any other and the run goes on; an aborted one is
 * not recorded, and ends the run.
 *
 * @returns whether every planned trial was run.
 */
export async function runPlan(
  plan: Plan,
  execute: Executor,
  record: (trial: Trial) => void,
  observer: Observer,
  signal: AbortSignal,
  pending: readonly Planned[] = plan.trials,
): Promise<boolean> {
  for (const planned of pending) {
    if (signal.aborted) return false;
    observer.started(planned);
    const trial = await execute(planned, plan, signal);
    if (signal.aborted) return false;
    record(trial);
    observer.ended(trial);
  }
  return true;
}
