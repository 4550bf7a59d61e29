/**
 * Comparison with the baseline, the server without process control.
 *
 * @module
 */
import { compareCosts, type Comparison } from "../../compare/comparison.ts";
import { BASELINE } from "../../plan/plan.ts";
import type { Load } from "../../record/types.ts";
import type { Series } from "./series.ts";

/** The baseline of each round: CPU seconds for all planned connections of a load. */
export type Baselines = ReadonlyMap<number, { readonly cpu: number; readonly load: Load }>;

/** The baselines in the series of that design. */
export function baselinesOf(series: readonly Series[]): Baselines {
  return new Map(series.flatMap((one) => {
    const cpu = one.column("cpu");
    return one.column("round").map((round, i) =>
      [round, { cpu: cpu[i]!, load: one.load }] as const
    );
  }));
}

/** CPU seconds of the baseline (a) and of a design (b) in the rounds that have both, for the same work. */
export function pairsOf(
  series: readonly Series[],
  baselines: Baselines,
): { readonly a: number[]; readonly b: number[] } {
  const [a, b]: [number[], number[]] = [[], []];
  for (const one of series) {
    const cpu = one.column("cpu");
    one.column("round").forEach((round, index) => {
      const baseline = baselines.get(round);
      if (!baseline || !isSameWork(one.load, baseline.load)) return;
      if (Number.isNaN(cpu[index]! + baseline.cpu)) return;
      a.push(baseline.cpu);
      b.push(cpu[index]!);
    });
  }
  return { a, b };
}

/**
 * Compares every design with the baseline, paired within rounds and corrected for the number of designs.
 * By id; designs without a round in common with the baseline are left out.
 */
export function compareWithBaselines(
  byDesign: ReadonlyMap<string, readonly Series[]>,
  baselines: Baselines,
): Map<string, Comparison> {
  const pairs = [...byDesign].filter(([id]) => id !== BASELINE).map(([id, series]) => {
    const { a, b } = pairsOf(series, baselines);
    const isPositive = (_: number, index: number) => a[index]! > 0 && b[index]! > 0;
    return { id, paired: true, a: a.filter(isPositive), b: b.filter(isPositive) };
  }).filter(({ a }) => a.length > 0);
  const compared = compareCosts(pairs);
  return new Map(pairs.map(({ id }, index) => [id, compared[index]!]));
}

/** Whether two loads make as many connections of as many bytes, with any number of clients. */
export function isSameWork(a: Load, b: Load): boolean {
  return a.clients * a.connections === b.clients * b.connections && a.bytes === b.bytes &&
    a.requests === b.requests && a.duration === b.duration && a.work === b.work &&
    a.wait === b.wait;
}
