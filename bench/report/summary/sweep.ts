/**
 * A sweep in figures: each value of what it varies is a run of its own, of which everything can be said
 * that can be said of a run.
 *
 * @module
 */
import { BASELINE, pointOf, valueOf } from "../../plan/plan.ts";
import type { Plan, Recorded } from "../../record/record.ts";
import { isSameWork } from "./baseline.ts";
import { summarize, type Summary } from "./summary.ts";

/** A sweep at one of its values. */
export interface SweepPoint {
  readonly value: number;
  /**
   * Of the trials with that value, and of the baselines that did as much work. Its plan is that of a run
   * with that value and no sweep. Comparisons are corrected for the designs of this point alone.
   */
  readonly summary: Summary;
}

/** Every point of a recorded sweep, in the order of its values; none where nothing is varied. */
export function sweepPoints({ run, trials }: Recorded): SweepPoint[] {
  const { plan } = run;
  const { parameter, values } = plan.sweep ?? { parameter: "children", values: [] };
  return values.map((value) => {
    const point = pointOf(plan, value);
    const isHere = (trial: Plan["trials"][number]) =>
      trial.design === BASELINE
        ? isSameWork(trial.load, point)
        : valueOf(trial, parameter) === value;
    const [planned, found] = [plan.trials.filter(isHere), trials.filter(isHere)];
    const complete = found.length === planned.length;
    const here = { ...run, complete, plan: { ...point, sweep: null, trials: planned } };
    return { value, summary: summarize({ run: here, trials: found }) };
  });
}
