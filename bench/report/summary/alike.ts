/**
 * Designs that the rounds of a run do not tell apart from the cheapest.
 *
 * @module
 */
import { compareCosts, type Costs, fewestRounds, findingOf } from "../../compare/comparison.ts";
import { pairedCosts } from "../../compare/records.ts";
import type { Trial } from "../../record/types.ts";
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
  trials: readonly Trial[],
): Alike | undefined {
  const cost = ({ cpuMicrosecondsPerConnection: cpu }: DesignSummary) => cpu?.median ?? Infinity;
  const [cheapest, ...others] = designs.filter(({ cpu }) => cpu !== null)
    .toSorted((a, b) => cost(a) - cost(b));
  const trialsOf = ({ id }: DesignSummary) => trials.filter(({ design }) => design === id);
  const pairs = others
    .map(({ id }, index) => ({
      id,
      costs: pairedCosts(trialsOf(cheapest!), trialsOf(others[index]!)),
    }))
    .filter(({ costs }) => costs.a.length > 0);
  if (!cheapest || pairs.length === 0) return undefined;
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

/** Whether a round of B cost as little as one of A. */
function isOverlapping({ a, b }: Costs): boolean {
  return Math.min(...b) <= Math.max(...a);
}
