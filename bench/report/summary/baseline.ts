/**
 * Comparison with the baseline, the server without process control.
 *
 * @module
 */
import { compareCosts, type Comparison } from "../../compare/comparison.ts";
import { DECIDING, type Deciding } from "../../compare/metrics.ts";
import { BASELINE } from "../../plan/plan.ts";
import type { Load } from "../../record/types.ts";
import type { Series } from "./series.ts";

/** The baseline of each round: what a verdict may rest on, for all planned connections of a load. */
export type Baselines = ReadonlyMap<
  number,
  Readonly<Record<Deciding, number>> & { readonly load: Load }
>;

/** A comparison with the baseline, and the figure that was compared. */
export type AgainstBaseline = Comparison & { readonly figure: Deciding };

/** The baselines in the series of that design. */
export function baselinesOf(series: readonly Series[]): Baselines {
  return new Map(series.flatMap((one) => {
    const [cpu, instructions] = [one.column("cpu"), one.column("instructions")];
    return one.column("round").map((round, i) =>
      [round, { cpu: cpu[i]!, instructions: instructions[i]!, load: one.load }] as const
    );
  }));
}

/** CPU seconds, or another such figure, of the baseline (a) and of a design (b) in the rounds that have both, for the same work. */
export function pairsOf(
  series: readonly Series[],
  baselines: Baselines,
  figure: Deciding = "cpu",
): { readonly a: number[]; readonly b: number[] } {
  const [a, b]: [number[], number[]] = [[], []];
  for (const one of series) {
    const values = one.column(figure);
    one.column("round").forEach((round, index) => {
      const baseline = baselines.get(round);
      if (!baseline || !isSameWork(one.load, baseline.load)) return;
      if (Number.isNaN(values[index]! + baseline[figure])) return;
      a.push(baseline[figure]);
      b.push(values[index]!);
    });
  }
  return { a, b };
}

/**
 * Compares every design with the baseline, paired within rounds and corrected for the number of designs, by the first
 * of the deciding figures that all trials have. By id; designs without a round in common with the baseline are left out.
 */
export function compareWithBaselines(
  byDesign: ReadonlyMap<string, readonly Series[]>,
  baselines: Baselines,
): Map<string, AgainstBaseline> {
  const all = [...byDesign.values()].flat();
  const figure =
    DECIDING.find((name) => all.every((one) => !one.column(name).some(Number.isNaN))) ??
      "cpu";
  const pairs = [...byDesign].filter(([id]) => id !== BASELINE).map(([id, series]) => {
    const { a, b } = pairsOf(series, baselines, figure);
    const isPositive = (_: number, index: number) => a[index]! > 0 && b[index]! > 0;
    return { id, paired: true, a: a.filter(isPositive), b: b.filter(isPositive) };
  }).filter(({ a }) => a.length > 0);
  const compared = compareCosts(pairs);
  return new Map(pairs.map(({ id }, index) => [id, { ...compared[index]!, figure }]));
}

/** Whether two loads make as many connections of as many bytes, with any number of clients. */
export function isSameWork(a: Load, b: Load): boolean {
  return a.clients * a.connections === b.clients * b.connections && a.bytes === b.bytes &&
    a.requests === b.requests && a.duration === b.duration && a.work === b.work &&
    a.wait === b.wait;
}
