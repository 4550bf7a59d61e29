/**
 * Compares recorded costs: two designs of a run, or each design of two runs.
 *
 * @module
 */
import { compareCosts, type Comparison, type Costs } from "./comparison.ts";
import type { Recorded, Trial } from "../record/record.ts";

/** One design in two runs. */
export interface DesignInRuns {
  readonly id: string;
  /** CPU microseconds per connection, parent and children, of each valid round. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** Null if one of the runs has no valid round. */
  readonly comparison: Comparison | null;
}

/** Two runs, design by design. */
export interface RunsCompared {
  /** Designs planned in both runs, in the order of A. */
  readonly designs: readonly DesignInRuns[];
  /** Ids of designs planned only in A. */
  readonly onlyA: readonly string[];
  /** Ids of designs planned only in B. */
  readonly onlyB: readonly string[];
}

/** Compares two designs, paired within rounds; null if no round is valid for both. */
export function compareDesigns({ trials }: Recorded, a: string, b: string): Comparison | null {
  const costs = pairedCosts(ofDesign(trials, a), ofDesign(trials, b));
  return costs.a.length === 0 ? null : compareCosts([costs])[0]!;
}

/** CPU microseconds per connection of A and B, in the rounds valid for both. */
export function pairedCosts(a: readonly Trial[], b: readonly Trial[]): Costs {
  const [ofA, ofB] = [costsByRound(a), costsByRound(b)];
  const rounds = [...ofA.keys()].filter((round) => ofB.has(round));
  const of = (costs: ReadonlyMap<number, number>) => rounds.map((round) => costs.get(round)!);
  return { paired: true, a: of(ofA), b: of(ofB) };
}

/**
 * Compares every design in both runs. Rounds of different runs are unrelated, so the comparisons are
 * unpaired; they are corrected for the number of designs.
 */
export function compareRuns(a: Recorded, b: Recorded): RunsCompared {
  const [inA, inB] = [a, b].map(({ run }) => run.plan.designs) as [string[], string[]];
  const both = inA.filter((id) => inB.includes(id)).map((id) => ({
    id,
    a: [...costsByRound(ofDesign(a.trials, id)).values()],
    b: [...costsByRound(ofDesign(b.trials, id)).values()],
  }));
  const comparable = both.filter(({ a, b }) => a.length > 0 && b.length > 0);
  const comparisons = compareCosts(comparable.map(({ a, b }) => ({ paired: false, a, b })));
  return {
    designs: both.map((design) => ({
      ...design,
      comparison: comparisons[comparable.indexOf(design)] ?? null,
    })),
    onlyA: inA.filter((id) => !inB.includes(id)),
    onlyB: inB.filter((id) => !inA.includes(id)),
  };
}

function ofDesign(trials: readonly Trial[], id: string): Trial[] {
  return trials.filter(({ design }) => design === id);
}

/** CPU microseconds per connection of each valid round. */
function costsByRound(trials: readonly Trial[]): Map<number, number> {
  const valid = trials.filter(({ status }) => status === "ok");
  return new Map(
    valid.map((trial): [number, number] => [trial.round, costOf(trial)])
      // A cost of 0 has no ratio to another.
      .filter(([, cost]) => cost > 0),
  );
}

function costOf({ cpu, client, load }: Trial): number {
  return (cpu?.total ?? 0) * 1e6 / (client?.connections || load.clients * load.connections);
}
