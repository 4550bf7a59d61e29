/**
 * Comparison with the baseline, the server without process control.
 *
 * @module
 */
import { compareCosts, type Comparison } from "../../compare/comparison.ts";
import { BASELINE } from "../../plan/plan.ts";
import type { Load, Trial } from "../../record/types.ts";

/**
 * Compares every design with the baseline, paired within rounds and corrected for the number of designs.
 * By id; designs without a round in common with the baseline are left out.
 *
 * @param trials Valid trials.
 * @param baselines Valid trials of the baseline, by round.
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
    a: pairs.map(({ baseline }) => ofAll(baseline!, baseline!.cpu!.total)!),
    b: pairs.map(({ trial }) => ofAll(trial, trial.cpu!.total)!),
  })));
  return new Map(byDesign.map(([id], index) => [id, compared[index]!]));
}

/**
 * CPU seconds above the baseline. Null without a baseline of the same work: as many connections in total,
 * made by one client.
 */
export function difference(trial: Trial, baseline: Trial | undefined): number | null {
  if (!trial.cpu || !baseline?.cpu) return null;
  if (!isSameWork(trial.load, baseline.load)) return null;
  return ofAll(trial, trial.cpu.total)! - ofAll(baseline, baseline.cpu.total)!;
}

/** The share of the planned connections that a trial made: below 1 if its load was ended early. */
export function madeShare({ load, client }: Trial): number {
  return (client?.connections ?? 0) / (load.clients * load.connections);
}

/** An amount of a trial, for all of its planned connections; null without any. */
export function ofAll(trial: Trial, amount: number | undefined): number | null {
  const share = madeShare(trial);
  return amount === undefined || share === 0 ? null : amount / share;
}

/** Whether two loads make as many connections of as many bytes, with any number of clients. */
export function isSameWork(a: Load, b: Load): boolean {
  return a.clients * a.connections === b.clients * b.connections && a.bytes === b.bytes &&
    a.requests === b.requests;
}
