/**
 * A run: every planned trial in turn, each recorded as it ends.
 *
 * @module
 */
import { BASELINE, nameOf } from "../plan/plan.ts";
import type { Plan, Trial } from "../record/record.ts";
import type { Executor, Planned } from "./trial.ts";

/** Who hears of a run's progress. */
export interface Observer {
  /** A trial starts. */
  started(planned: Planned): void;
  /** Something else is to be known: why it waits, what it does besides trials. */
  noted(text: string): void;
  /** A trial ended and is recorded. */
  ended(trial: Trial): void;
  /** These trials, the rest of designs that have taken their time, will not be run. */
  leftOut(trials: readonly Planned[]): void;
}

/**
 * Runs a plan, or what is pending of it after the trials that are done. A trial that fails is recorded
 * like any other and the run goes on; an aborted one is not recorded, and ends the run.
 *
 * @returns whether every planned trial was run, or left out because its design has taken its time.
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

/** How long the loads of each design took so far, in a sweep at each value. */
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

  /** Whether the design of a trial has taken its time. The baseline is there for the others. */
  isSpent(planned: Planned): boolean {
    const { sweep, limits: { design: limit } } = this.#plan;
    if (limit === 0 || planned.design === BASELINE) return false;
    return (this.#seconds.get(nameOf(planned, sweep)) ?? 0) >= limit;
  }
}
