/**
 * How a run spends its time: the planned trials that it leaves out. Only their duration decides, never what
 * they found, so that the statistics hold.
 *
 * @module
 */
import { BASELINE, nameOf } from "../plan/plan.ts";
import type { Plan, Trial } from "../record/record.ts";
import { median } from "../statistics/median.ts";
import type { Planned } from "./trial.ts";

/** Rounds that can show a difference among as many designs as the book has. */
const ENOUGH_ROUNDS = 9;

/** Rounds of a design that is too slow for `ENOUGH_ROUNDS` within its share of the time: for a median. */
const FEW_ROUNDS = 3;

/** A slow design takes more than this many times the median of all. */
const SLOW = 1.8;

/** The time used by the trials of each design, in a sweep at each value. */
export class Budget {
  readonly #plan: Plan;
  readonly #names: ReadonlySet<string>;
  readonly #trials = new Map<string, { count: number; seconds: number }>();
  /** Seconds of all trials. */
  #trialSeconds = 0;
  /** The same with the time between them, such as that for connections to leave TIME_WAIT. */
  #elapsed = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#names = new Set(plan.trials.map((planned) => nameOf(planned, plan.sweep)));
  }

  /** Counts a trial that has run, and the seconds since the one before. */
  add(trial: Trial, seconds = 0): void {
    const name = nameOf(trial, this.#plan.sweep);
    const before = this.#trials.get(name) ?? { count: 0, seconds: 0 };
    const took = trial.seconds ?? trial.client?.wallSeconds ?? 0;
    this.#trials.set(name, { count: before.count + 1, seconds: before.seconds + took });
    this.#trialSeconds += took;
    this.#elapsed += Math.max(took, seconds);
  }

  /**
   * The pending trials to leave out, at the start of a round. The first round is always run. A slow design
   * joins only the first rounds. A round that would take too long is run without slow designs, or not at all.
   */
  leftOut(pending: readonly Planned[]): readonly Planned[] {
    const { limits: { budget }, sweep } = this.#plan;
    const round = pending[0]?.round;
    if (budget === 0 || round === undefined || this.#trialSeconds === 0) return [];
    const nameOfTrial = (planned: Planned) => nameOf(planned, sweep);
    const fits = (left: ReadonlySet<string>) => {
      const names = pending.filter((planned) => planned.round === round).map(nameOfTrial);
      const cost = names.filter((name) => left.has(name))
        .reduce((sum, name) => sum + this.#mean(name), 0);
      return this.#elapsed + cost * (this.#elapsed / this.#trialSeconds) <= budget;
    };
    const names = new Set(pending.map(nameOfTrial));
    const quick = new Set([...names].filter((name) => !this.#isSlow(name)));
    const current = new Set([...names].filter((name) => quick.has(name) || !this.#hasFew(name)));
    const left = [current, quick].find((left) => isWorthwhile(left, names) && fits(left));
    return pending.filter((planned) => !left?.has(nameOfTrial(planned)));
  }

  /** Whether enough of its trials do not fit into its share of the time, and those of most others are short. */
  #isSlow(name: string): boolean {
    const share = this.#plan.limits.budget / this.#names.size;
    const usual = median([...this.#names].map((name) => this.#mean(name)));
    const mean = this.#mean(name);
    return name !== BASELINE && mean * ENOUGH_ROUNDS > share && mean > SLOW * usual;
  }

  #hasFew(name: string): boolean {
    return (this.#trials.get(name)?.count ?? 0) >= FEW_ROUNDS;
  }

  /** Seconds of a trial so far; 0 if there was none. */
  #mean(name: string): number {
    const { count, seconds } = this.#trials.get(name) ?? { count: 1, seconds: 0 };
    return seconds / count;
  }
}

/** Whether there is more left than the baseline, unless it is all there was. */
function isWorthwhile(left: ReadonlySet<string>, names: ReadonlySet<string>): boolean {
  return [...left].some((name) => name !== BASELINE) || names.size === 1 && names.has(BASELINE);
}
