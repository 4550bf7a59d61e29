/**
 * A design against the baseline, which controls no processes.
 *
 * @module
 */
import { compareCosts, type Comparison } from "../../compare/comparison.ts";
import { BASELINE } from "../../plan/plan.ts";
import type { Load, Trial } from "../../record/record.ts";

/**
 * Every design that has rounds in common with the baseline, compared with it, by id: paired within each
 * round, and corrected for how many designs there are.
 *
 * @param trials Those that count.
 * @param baselines Those of the baseline that count, by round.
 */
export function compareWithBaselines(
  trials: readonly Trial[],
  baselines: ReadonlyMap<number, Trial>,
): Map<string, Comparison> {
  const pairs = trials.filter(({ design }) => design !== BASELINE)
    .map((trial) => ({ trial, baseline: baselines.get(trial.round) }))
    .filter(({ trial, baseline }) => difference(trial, baseline) !== null)
    .filter(({ trial, baseline }) => trial.cpu!.total > 0 && baseline!.cpu!.total > 0);
  const byDesign = [...Map.groupBy(pairs, ({ trial }) => trial.design)];
  const compared = compareCosts(byDesign.map(([, pairs]) => ({
    paired: true,
    a: pairs.map(({ baseline }) => baseline!.cpu!.total),
    b: pairs.map(({ trial }) => trial.cpu!.total),
  })));
  return new Map(byDesign.map(([id], index) => [id, compared[index]!]));
}

/**
 * CPU seconds more than the baseline. Null without a baseline of as much work: one client there stands
 * for all the clients here, and the connections in all are the same.
 */
export function difference(trial: Trial, baseline: Trial | undefined): number | null {
  if (!trial.cpu || !baseline?.cpu) return null;
  return isSameWork(trial.load, baseline.load) ? trial.cpu.total - baseline.cpu.total : null;
}

/** Whether two loads ask for as much, however many clients do so. */
export function isSameWork(a: Load, b: Load): boolean {
  return a.clients * a.connections === b.clients * b.connections && a.bytes === b.bytes;
}
