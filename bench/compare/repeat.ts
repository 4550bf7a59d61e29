/**
 * One comparison again and again, each of rounds of its own: how often does it call a difference?
 *
 * The rounds are as independent as they can be on one machine. Each trial has a server and a load of its
 * own: what V8 compiled when, where memory lies and who runs on which processor stay as they are while a
 * process lives, so that several accounts of one server would be one observation and not several. No
 * trial is used twice, and a toss decides who goes first in a round. The baseline, which no comparison
 * looks at, is left out.
 *
 * They are not independent of the weather: trials that follow each other share what else the machine does
 * in that minute. For a design against itself that does no harm. Whatever the noise, the two of a round
 * could be exchanged, as their order was tossed; so each comparison is wrong with its 5 % at most,
 * whatever the one before it said, and the number of wrong ones is binomial. How often a difference that
 * is there is found depends on the noise, and holds for that hour on that machine.
 *
 * @module
 */
import { FailedError } from "../../servers/errors.ts";
import { mulberry32, shuffle } from "../plan/plan.ts";
import type { Plan, Trial } from "../record/record.ts";
import { median } from "../statistics/median.ts";
import type { Executor, Planned } from "../run/trial.ts";
import { compareCosts, type Comparison, type Costs } from "./comparison.ts";
import { pairedCosts } from "./records.ts";

/** What is compared how often. */
export interface Repeated {
  /** Ids of the designs; they may be the same. */
  readonly a: string;
  readonly b: string;
  /** CPU that B wastes on each connection, as a share of what one costs A: 0.1 is 10 %. */
  readonly extraShare: number;
  readonly comparisons: number;
}

/** One of the comparisons. */
export interface Repetition {
  /** From 1. */
  readonly index: number;
  /** Of the rounds that count, in microseconds of CPU a connection. */
  readonly costs: Costs;
  /** As `deno task compare` makes it; null where no round counts. */
  readonly comparison: Comparison | null;
  /** What B was told to waste on each connection, in nanoseconds of CPU. */
  readonly extraCpu: number;
  /** Why trials did not count. */
  readonly failures: readonly string[];
}

/** Trials of A alone, before the first comparison, that tell what a connection costs it. */
const CALIBRATION_TRIALS = 5;

/**
 * Compares again and again, with the rounds, the load and the seed of the plan, whose designs are A and B.
 * Ends early, without what it is at, where the signal is aborted.
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
    const sides = [ofA, { ...ofB, extraCpu }] as const;
    const trials = await runRounds(sides, plan.rounds, random, run, signal);
    if (signal.aborted) return;
    const costs = pairedCosts(...trials);
    const counts = costs.a.length > 0;
    yield {
      index,
      costs,
      comparison: counts ? compareCosts([costs])[0]! : null,
      extraCpu,
      failures: trials.flat().flatMap(({ reason }) => reason ?? []),
    };
    // The machine changes, and with it what 10 % are.
    if (counts) costsOfA = [...costs.a];
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
    `Cannot tell what a connection of ${planned.design} costs: ${trials[0]!.reason}`,
  );
}

/** The trials of both sides, each round in an order that is tossed. */
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
