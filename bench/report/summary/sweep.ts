/**
 * The data of a sweep: each value of the varied parameter is summarized as a run.
 *
 * @module
 */
import { BASELINE, nameAt, pointOf, valueOf } from "../../plan/plan.ts";
import type { Parameter, Planned, Recorded, Run } from "../../record/types.ts";
import { isSameWork } from "./baseline.ts";
import { countOf, type Series, seriesOf } from "./series.ts";
import { type DesignSummary, summarizeSeries, type Summary } from "./summary.ts";

/** One value of a sweep. */
export interface SweepPoint {
  readonly value: number;
  /**
   * Of the trials with that value and the baselines with the same work. Its plan is that of a run with
   * that value and no sweep. Comparisons are corrected for the designs of this point only.
   */
  readonly summary: Summary;
}

/** A design at one value; the baseline at all values with the same work. */
export interface SweepRow {
  readonly values: readonly number[];
  readonly design: DesignSummary;
  /** The design's id, followed by the value if there is only one. */
  readonly name: string;
}

/** A sweep by point and by table row. */
export interface SweepData {
  readonly parameter: Parameter;
  readonly points: readonly SweepPoint[];
  /** By design, then by value. */
  readonly rows: readonly SweepRow[];
}

/** The data of a recorded sweep; null for a run without a sweep. */
export function sweepData(run: Run, series: readonly Series[]): SweepData | null {
  const { sweep } = run.plan;
  if (!sweep) return null;
  const points = pointsOf(run, series);
  return { parameter: sweep.parameter, points, rows: rowsOf(points, sweep.parameter) };
}

/** The points of a recorded sweep in the order of its values; empty without a sweep. */
export function sweepPoints({ run, trials }: Recorded): SweepPoint[] {
  return pointsOf(run, seriesOf(trials));
}

function pointsOf(run: Run, series: readonly Series[]): SweepPoint[] {
  const { plan } = run;
  const { parameter, values } = plan.sweep ?? { parameter: "children", values: [] };
  return values.map((value) => {
    const point = pointOf(plan, value);
    const isHere = (trial: Pick<Planned, "design" | "load" | "poolSize">) =>
      trial.design === BASELINE
        ? isSameWork(trial.load, point)
        : valueOf(trial, parameter) === value;
    const [planned, found] = [plan.trials.filter(isHere), series.filter(isHere)];
    const complete = countOf(found) === planned.length;
    const here = { ...run, complete, plan: { ...point, sweep: null, trials: planned } };
    return { value, summary: summarizeSeries(here, found) };
  });
}

function rowsOf(points: readonly SweepPoint[], parameter: Parameter): SweepRow[] {
  const ids = points[0]?.summary.designs.map(({ id }) => id) ?? [];
  return ids.flatMap((id) => {
    const found = points.map(({ value, summary }) => ({
      value,
      work: JSON.stringify(summary.run.plan.trials.find(({ design }) => design === id)?.load),
      design: summary.designs.find((design) => design.id === id)!,
    }));
    const { isBaseline } = found[0]!.design;
    const groups = Map.groupBy(found, ({ value, work }) => isBaseline ? work : value);
    return [...groups.values()].map((same) => {
      const { value, design } = same[0]!;
      const name = same.length === 1 ? nameAt(id, parameter, value) : id;
      return { values: same.map(({ value }) => value), design, name };
    });
  });
}
