/**
 * Designs that the rounds of a run do not tell apart from the cheapest.
 *
 * @module
 */
import { compareCosts, type Costs, fewestRounds, findingOf } from "../../compare/comparison.ts";
import { inBothRounds } from "../../compare/records.ts";
import type { Series } from "./series.ts";
import type { DesignSummary } from "./summary.ts";

/** What the rounds tell of the CPU time of designs. */
export interface Alike {
  /** Id of the design with the least CPU time per connection. */
  readonly cheapest: string;
  /** Ids of those that may cost as little. */
  readonly alike: readonly string[];
  /** The rounds it takes to tell any of them apart, if there are fewer; else null. */
  readonly needed: number | null;
}

/** Compares designs with the cheapest, paired within rounds. Undefined without two that were measured. */
export function alikeOf(
  designs: readonly DesignSummary[],
  series: readonly Series[],
): Alike | undefined {
  const cost = ({ cpuMicrosecondsPerConnection: cpu }: DesignSummary) => cpu?.median ?? Infinity;
  const [cheapest, ...others] = designs.filter(({ cpu }) => cpu !== null)
    .toSorted((a, b) => cost(a) - cost(b));
  if (!cheapest) return undefined;
  const least = costsByRound(series, cheapest.id);
  const pairs = others
    .map(({ id }) => ({ id, costs: inBothRounds(least, costsByRound(series, id)) }))
    .filter(({ costs }) => costs.a.length > 0);
  if (pairs.length === 0) return undefined;
  const compared = compareCosts(pairs.map(({ costs }) => costs));
  const findings = compared.map(findingOf);
  const alike = pairs.filter(({ costs }, index) =>
    findings[index] === "no difference" ||
    findings[index] === "too few rounds" && isOverlapping(costs)
  );
  return {
    cheapest: cheapest.id,
    alike: alike.map(({ id }) => id),
    needed: findings.every((one) => one === "too few rounds") ? fewestRounds(compared[0]!) : null,
  };
}

/** CPU time per connection of each round of a design or external server; one of 0 has no ratio to another. */
export function costsByRound(series: readonly Series[], id: string): Map<number, number> {
  const costs = series.filter(({ design }) => design === id).flatMap((one) => {
    const rounds = one.column("round");
    return one.column("cpuMicrosecondsPerConnection").map((cost, i) => [rounds[i]!, cost] as const);
  });
  return new Map(costs.filter(([, cost]) => cost > 0));
}

/** Whether a round of B cost as little as one of A. */
function isOverlapping({ a, b }: Costs): boolean {
  return b.reduce((a, b) => Math.min(a, b)) <= a.reduce((a, b) => Math.max(a, b));
}
