/**
 * From records to comparisons: two designs within a run, or each design in two runs.
 *
 * @module
 */
import { compareCosts, type Comparison, type Costs } from "./comparison.ts";
import type { Recorded, Trial } from "../record/record.ts";

/** One design in two runs. */
export interface DesignInRuns {
  readonly id: string;
  /** CPU of everything that serves, in microseconds a connection, of each round that counts. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** Null where one of the runs has no round that counts. */
  readonly comparison: Comparison | null;
}

/** Two runs, design by design. */
export interface RunsCompared {
  /** Those that both runs planned, in the order of A. */
  readonly designs: readonly DesignInRuns[];
  /** Ids of designs that only one of them planned. */
  readonly onlyA: readonly string[];
  readonly onlyB: readonly string[];
}

/** Compares two designs, paired within each round; null where no round counts for both. */
export function compareDesigns({ trials }: Recorded, a: string, b: string): Comparison | null {
  const costs = pairedCosts(ofDesign(trials, a), ofDesign(trials, b));
  return costs.a.length === 0 ? null : compareCosts([costs])[0]!;
}

/** What trials of A and of B cost in the rounds that count for both, in microseconds a connection. */
export function pairedCosts(a: readonly Trial[], b: readonly Trial[]): Costs {
  const [ofA, ofB] = [costsByRound(a), costsByRound(b)];
  const rounds = [...ofA.keys()].filter((round) => ofB.has(round));
  const of = (costs: ReadonlyMap<number, number>) => rounds.map((round) => costs.get(round)!);
  return { paired: true, a: of(ofA), b: of(ofB) };
}

/**
 * Compares every design that both runs have. Rounds of different runs have nothing to do with each other:
 * unpaired, and corrected for the number of designs.
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

/** CPU microseconds a connection of each round that counts. */
function costsByRound(trials: readonly Trial[]): Map<number, number> {
  const counting = trials.filter(({ status }) => status === "ok");
  return new Map(
    counting.map((trial): [number, number] => [trial.round, costOf(trial)])
      // No CPU at all is no cost that another could be a multiple of.
      .filter(([, cost]) => cost > 0),
  );
}

function costOf({ cpu, client, load }: Trial): number {
  return (cpu?.total ?? 0) * 1e6 / (client?.connections || load.clients * load.connections);
}
