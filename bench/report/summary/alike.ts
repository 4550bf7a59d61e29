/**
 * Designs that the rounds of a run do not tell apart.
 *
 * @module
 */
import { compareCosts, fewestRounds, findingOf } from "../../compare/comparison.ts";
import { pairedCosts } from "../../compare/records.ts";
import type { Trial } from "../../record/record.ts";
import type { DesignSummary } from "./summary.ts";

/** What the rounds tell of the CPU time of designs. */
export interface Alike {
  /** Groups of ids, the cheapest first: neighbors in CPU time without a difference between them. */
  readonly groups: readonly (readonly string[])[];
  /** Rounds that would show a difference, if none of these pairs has as many; else null. */
  readonly needed: number | null;
}

/** Compares each design with the next expensive one, paired within rounds. */
export function alikeOf(designs: readonly DesignSummary[], trials: readonly Trial[]): Alike {
  const cost = ({ cpuMicrosecondsPerConnection: cpu }: DesignSummary) => cpu?.median ?? Infinity;
  const ranked = designs.filter(({ cpu }) => cpu !== null).toSorted((a, b) => cost(a) - cost(b));
  const trialsOf = ({ id }: DesignSummary) => trials.filter(({ design }) => design === id);
  const pairs = ranked.slice(1)
    .map((design, index) => ({
      design,
      costs: pairedCosts(trialsOf(ranked[index]!), trialsOf(design)),
    }))
    .filter(({ costs }) => costs.a.length > 0);
  const compared = compareCosts(pairs.map(({ costs }) => costs));
  const apart = new Set(
    pairs.filter((_, index) => findingOf(compared[index]!) === "higher").map(({ design }) =>
      design
    ),
  );
  const groups: string[][] = [];
  for (const design of ranked) {
    const group = groups.at(-1);
    if (group && !apart.has(design)) group.push(design.id);
    else groups.push([design.id]);
  }
  const isTooFew = compared.every((one) => findingOf(one) === "too few rounds");
  const needed = isTooFew && compared[0] ? fewestRounds(compared[0]) : null;
  return { groups: groups.filter((group) => group.length > 1), needed };
}
