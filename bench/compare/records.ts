/**
 * From records to comparisons: two designs within a run, or each design in two runs.
 *
 * @module
 */
import { compareCosts, type Comparison } from "./comparison.ts";
import type { Recorded, Trial } from "../record.ts";

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
  const [ofA, ofB] = [costsByRound(trials, a), costsByRound(trials, b)];
  const rounds = [...ofA.keys()].filter((round) => ofB.has(round));
  if (rounds.length === 0) return null;
  const of = (costs: ReadonlyMap<number, number>) => rounds.map((round) => costs.get(round)!);
  return compareCosts([{ paired: true, a: of(ofA), b: of(ofB) }])[0]!;
}

/**
 * Compares every design that both runs have. Rounds of different runs have nothing to do with each other:
 * unpaired, and corrected for the number of designs.
 */
export function compareRuns(a: Recorded, b: Recorded): RunsCompared {
  const [inA, inB] = [a, b].map(({ run }) => run.plan.designs) as [string[], string[]];
  const both = inA.filter((id) => inB.includes(id)).map((id) => ({
    id,
    a: [...costsByRound(a.trials, id).values()],
    b: [...costsByRound(b.trials, id).values()],
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

/** CPU microseconds a connection of each round of a design that counts. */
function costsByRound(trials: readonly Trial[], design: string): Map<number, number> {
  const counting = trials.filter((trial) => trial.design === design && trial.status === "ok");
  return new Map(
    counting.map((trial): [number, number] => [trial.round, costOf(trial)])
      // No CPU at all is no cost that another could be a multiple of.
      .filter(([, cost]) => cost > 0),
  );
}

function costOf({ cpu, client, load }: Trial): number {
  return (cpu?.total ?? 0) * 1e6 / (client?.connections || load.clients * load.connections);
}
