/**
 * A run: all planned trials, one after the other, each recorded at its end.
 *
 * @module
 */
import { BASELINE, nameOf } from "../plan/plan.ts";
import type { Plan, Trial } from "../record/record.ts";
import type { Executor, Planned } from "./trial.ts";

/** Receives the progress of a run. */
export interface Observer {
  /** A trial starts. */
  started(planned: Planned): void;
  /** A note: why the run waits, or what it does besides trials. */
  noted(text: string): void;
  /** A trial ended and is recorded. */
  ended(trial: Trial): void;
  /** The remaining trials of designs over their time limit, which will not run. */
  leftOut(trials: readonly Planned[]): void;
}

/**
 * Runs a plan, or its pending trials after those that are done. A failed trial is recorded like any other,
 * and the run continues. An aborted trial is not recorded, and ends the run.
 *
 * @returns whether every planned trial has run, or was left out because of the time limit of its design.
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
  const budget = new TimeBudget(plan);
  for (const trial of done) budget.add(trial);
  let queue = [...pending];
  const leaveOut = () => {
    const leftOut = queue.filter((planned) => budget.isSpent(planned));
    if (leftOut.length > 0) observer.leftOut(leftOut);
    queue = queue.filter((planned) => !leftOut.includes(planned));
  };
  leaveOut();
  for (let planned; (planned = queue.shift());) {
    if (signal.aborted) return false;
    observer.started(planned);
    const trial = await execute(planned, plan, signal);
    if (signal.aborted) return false;
    record(trial);
    observer.ended(trial);
    budget.add(trial);
    leaveOut();
  }
  return true;
}

/** The time used by the loads of each design, in a sweep at each value. */
class TimeBudget {
  readonly #plan: Plan;
  readonly #seconds = new Map<string, number>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  add(trial: Trial): void {
    const name = nameOf(trial, this.#plan.sweep);
    const seconds = this.#seconds.get(name) ?? 0;
    this.#seconds.set(name, seconds + (trial.client?.wallSeconds ?? 0));
  }

  /** Whether the design of a trial is over its limit. The baseline has none: the others need it. */
  isSpent(planned: Planned): boolean {
    const { sweep, limits: { design: limit } } = this.#plan;
    if (limit === 0 || planned.design === BASELINE) return false;
    return (this.#seconds.get(nameOf(planned, sweep)) ?? 0) >= limit;
  }
}
