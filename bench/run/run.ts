/**
 * A run: all planned trials, one after the other, each recorded at its end.
 *
 * @module
 */
import type { Plan, Trial } from "../record/record.ts";
import { Budget } from "./budget.ts";
import type { Executor, Planned } from "./trial.ts";

/** Receives the progress of a run. */
export interface Observer {
  /** A trial starts. */
  started(planned: Planned): void;
  /** A note: why the run waits, or what it does besides trials. */
  noted(text: string): void;
  /** A trial ended and is recorded. */
  ended(trial: Trial): void;
  /** The trials that will not run, for lack of time. */
  leftOut(trials: readonly Planned[]): void;
}

/**
 * Runs a plan, or its pending trials after those that are done. A failed trial is recorded like any other,
 * and the run continues. An aborted trial is not recorded, and ends the run.
 *
 * @returns whether every planned trial has run, or was left out because of the budget.
 */
export async function runPlan(
  plan: Plan,
  execute: Executor,
  record: (trial: Trial) => void,
  observer: Observer,
  signal: AbortSignal,
  { done = [], pending = plan.trials }: { done?: readonly Trial[]; pending?: readonly Planned[] } =
    {},
): Promise<boolean> {
  const budget = new Budget(plan);
  for (const trial of done) budget.add(trial);
  let queue = [...pending];
  for (let round = done.at(-1)?.round; queue.length > 0;) {
    if (signal.aborted) return false;
    if (queue[0]!.round !== round) {
      round = queue[0]!.round;
      const leftOut = budget.leftOut(queue);
      if (leftOut.length > 0) observer.leftOut(leftOut);
      queue = queue.filter((planned) => !leftOut.includes(planned));
      continue;
    }
    const planned = queue.shift()!;
    observer.started(planned);
    const start = performance.now();
    const trial = await execute(planned, plan, signal);
    if (signal.aborted) return false;
    record(trial);
    observer.ended(trial);
    budget.add(trial, (performance.now() - start) / 1000);
  }
  return true;
}
