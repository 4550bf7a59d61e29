/**
 * Repeats a comparison, each time with new rounds, to count how often it reports a difference.
 *
 * The rounds are as independent as possible on one machine. Each trial starts its own server and load:
 * JIT timing, memory layout and processor placement stay the same for the life of a process, so several
 * measurements of one server would be one observation. No trial is used twice, and the order within a
 * round is random. The baseline is left out, since no comparison uses it.
 *
 * Consecutive trials still share the other activity of the machine. For a design compared with itself that
 * is harmless: the two trials of a round are exchangeable because their order is random. So each comparison
 * is wrong with a probability of at most 5 %, independently of the others, and the number of wrong ones is
 * binomial. How often a real difference is found depends on the noise at that time on that machine.
 *
 * @module
 */
import { FailedError } from "../../servers/errors.ts";
import { mulberry32 } from "../../servers/random.ts";
import { shuffle } from "../plan/plan.ts";
import type { Plan, Trial } from "../record/record.ts";
import { median } from "../statistics/median.ts";
import type { Executor, Planned } from "../run/trial.ts";
import { compareCosts, type Comparison, type Costs } from "./comparison.ts";
import { pairedCosts } from "./records.ts";

/** The designs to compare, and how often. */
export interface Repeated {
  /** Ids of the designs; they may be the same. */
  readonly a: string;
  readonly b: string;
  /** Extra CPU that B uses per connection, as a share of A's cost: 0.1 is 10 %. */
  readonly extraShare: number;
  readonly comparisons: number;
}

/** One of the comparisons. */
export interface Repetition {
  /** From 1. */
  readonly index: number;
  /** CPU microseconds per connection of the valid rounds. */
  readonly costs: Costs;
  /** The same as in `deno task compare`; null without a valid round. */
  readonly comparison: Comparison | null;
  /** Extra CPU of B per connection, in nanoseconds. */
  readonly extraCpu: number;
  /** Reasons of failed trials. */
  readonly failures: readonly string[];
}

/** Trials of A before the first comparison, to measure its cost per connection. */
const CALIBRATION_TRIALS = 5;

/**
 * Repeats the comparison of A and B with the rounds, load and seed of the plan. When the signal is aborted
 * it ends early, without the current comparison.
 *
 * @throws {FailedError} if A's cost cannot be measured.
 */
export async function* repeatComparison(
  { a, b, extraShare, comparisons }: Repeated,
  plan: Plan,
  execute: Executor,
  signal: AbortSignal,
): AsyncGenerator<Repetition, void> {
  const run = (planned: Planned) => execute(planned, plan, signal);
  const [ofA, ofB] = [plannedOf(plan, a), plannedOf(plan, b)];
  const random = mulberry32(plan.seed);
  let costsOfA = extraShare > 0 ? await calibrate(ofA, run, signal) : [];
  for (let index = 1; index <= comparisons && !signal.aborted; index++) {
    const extraCpu = extraShare > 0 ? Math.round(1000 * extraShare * median(costsOfA)) : 0;
    const sides = [ofA, { ...ofB, load: { ...ofB.load, work: extraCpu / 1000 } }] as const;
    const trials = await runRounds(sides, plan.rounds, random, run, signal);
    if (signal.aborted) return;
    const costs = pairedCosts(...trials);
    const isValid = costs.a.length > 0;
    yield {
      index,
      costs,
      comparison: isValid ? compareCosts([costs])[0]! : null,
      extraCpu,
      failures: trials.flat().flatMap(({ reason }) => reason ?? []),
    };
    // The machine's speed changes, and with it the CPU time that the share stands for.
    if (isValid) costsOfA = [...costs.a];
  }
}

function plannedOf(plan: Plan, design: string): Planned {
  return plan.trials.find((planned) => planned.design === design)!;
}

async function calibrate(
  planned: Planned,
  run: (planned: Planned) => Promise<Trial>,
  signal: AbortSignal,
): Promise<number[]> {
  const trials: Trial[] = [];
  for (let round = 1; round <= CALIBRATION_TRIALS && !signal.aborted; round++) {
    trials.push(await run({ ...planned, round, position: 0 }));
  }
  const { a } = pairedCosts(trials, trials);
  if (a.length > 0 || signal.aborted) return [...a];
  throw new FailedError(
    `Cannot measure the cost per connection of ${planned.design}: ${trials[0]!.reason}`,
  );
}

/** The trials of both sides, each round in random order. */
async function runRounds(
  sides: readonly [Planned, Planned],
  rounds: number,
  random: () => number,
  run: (planned: Planned) => Promise<Trial>,
  signal: AbortSignal,
): Promise<[a: Trial[], b: Trial[]]> {
  const trials: [Trial[], Trial[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    for (const [position, side] of shuffle([0, 1] as const, random).entries()) {
      if (signal.aborted) return trials;
      trials[side].push(await run({ ...sides[side], round, position }));
    }
  }
  return trials;
}
