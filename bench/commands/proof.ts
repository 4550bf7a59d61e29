/**
 * Benchmark: the error rates of a comparison. With real rounds it counts how often a comparison reports a
 * difference that does not exist, and how often it finds one that does.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { requireDesign } from "../../servers/designs.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { endWithParent, interrupted } from "../cli/signals.ts";
import { type Finding, findingOf, POWER, visible } from "../compare/comparison.ts";
import { repeatComparison, type Repeated, type Repetition } from "../compare/repeat.ts";
import { formatShare, verdict, verdictEvent } from "../compare/verdict.ts";
import { count, loadFlags, randomSeed, runFlags } from "../cli/options.ts";
import { makePlan } from "../plan/plan.ts";
import { mad, median } from "../statistics/median.ts";
import { binomialQuantile } from "../statistics/binomial.ts";
import { SIGNIFICANCE } from "../statistics/ranks.ts";
import { runTrial } from "../run/trial.ts";

const flags = {
  comparisons: count(200, [1, 10_000], "Make N comparisons"),
  rounds: count(10, [1, 1000], "Run N rounds for each comparison"),
  "extra-cpu": {
    ...count(0, [0, 1000], "Waste PERCENT of A's CPU time in the service of B", "PERCENT"),
    zero: "none",
  },
  // Most of a trial is starting a server and a load: a small pool and few connections keep it short.
  clients: { ...loadFlags.clients, default: 4 },
  connections: { ...loadFlags.connections, default: 250 },
  children: { ...loadFlags.children, default: 4 },
  seed: {
    ...runFlags.seed,
    help: "Use N as the seed of the order within rounds (default: random)",
  },
  json: { kind: "boolean", help: "Print events as JSON lines instead of text" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "proof",
  operands: "[A [B]]",
  description:
    "Compare A with B (default: prefork-shared-accept with itself) repeatedly, as deno task compare\n" +
    "does, and count how often a difference is found.",
  examples: [
    ["Compare a design with itself 200 times", ""],
    ["See how often 5 % more CPU time is found", "prefork-mutex --extra-cpu 5 --comparisons 50"],
  ],
  flags,
  exits: ["failed", "unsupported", "interrupted"],
  run: proof,
});

/** The chance that a correct comparison fails the proof. */
const MISS = 0.02;

async function proof({ operands, flags }: Options): Promise<number> {
  const [first = "prefork-shared-accept", second = first, ...rest] = operands;
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write two designs at most`);
  const [a, b] = [requireDesign(first).id, requireDesign(second).id];
  const { comparisons, rounds, clients, connections, children, seed = randomSeed() } = flags;
  const plan = makePlan({ designs: [a, b], rounds, clients, connections, children, seed });
  const repeated = { a, b, extraShare: flags["extra-cpu"] / 100, comparisons };

  endWithParent();
  const signal = interrupted();
  console.error(
    `${named(repeated)} against ${a}: ${counted(comparisons, "comparison")} × ` +
      `${counted(rounds, "round")}, ` +
      `${clients} clients × ${connections} connections, ${children} children, seed ${seed}`,
  );
  const all: Repetition[] = [];
  for await (const repetition of repeatComparison(repeated, plan, runTrial, signal)) {
    all.push(repetition);
    if (flags.json) printEvent(eventOf(repetition, repeated));
    else printLine(lineOf(repetition, repeated));
  }
  const { holds, text } = outcomeOf(all, repeated);
  if (flags.json) printEvent({ event: "done", complete: !signal.aborted, holds, text });
  else printLine(`\n${text}`);
  if (signal.aborted) return ExitCode.interrupted;
  return holds && all.every(({ failures }) => failures.length === 0)
    ? ExitCode.ok
    : ExitCode.failed;
}

/** The name of B. */
function named({ a, b, extraShare }: Repeated): string {
  if (extraShare > 0) return `${b} with ${Math.round(100 * extraShare)} % extra CPU`;
  return a === b ? `${b} again` : b;
}

function lineOf(repetition: Repetition, repeated: Repeated): string {
  const { index, comparison, failures } = repetition;
  const text = comparison ? verdict(comparison, repeated.a, named(repeated)) : "No round counts.";
  const [a, b] = spreads(repetition).map((share) => (100 * share).toFixed(1));
  return [
    `${String(index).padStart(String(repeated.comparisons).length)}  ${text} MAD ${a} and ${b} %.`,
    ...failures.map((reason) => `   did not count: ${reason}`),
  ].join("\n");
}

function eventOf(repetition: Repetition, repeated: Repeated) {
  const { comparison, costs: { a, b }, ...rest } = repetition;
  const finding = comparison && verdictEvent(comparison, repeated.a, named(repeated));
  return { event: "comparison", ...finding, ...rest, costs: { a, b }, mad: spreads(repetition) };
}

/** Median absolute deviation of the rounds of A and of B, relative to their median. */
function spreads({ costs: { a, b } }: Repetition): number[] {
  return a.length === 0 ? [NaN, NaN] : [a, b].map((costs) => mad(costs) / median(costs));
}

/** The outcome of all comparisons. */
export interface ProofOutcome {
  /** Whether the error rates are as they should be. */
  readonly holds: boolean;
  readonly text: string;
}

/** The outcome of comparisons of a design with itself, or of two that differ. */
export function outcomeOf(all: readonly Repetition[], repeated: Repeated): ProofOutcome {
  const { a, b, extraShare } = repeated;
  if (a === b && extraShare === 0) return outcomeOfSame(all);
  const [more, less] = [all.filter(finds("higher")), all.filter(finds("lower"))];
  const found = extraShare > 0 || more.length >= less.length ? more : less;
  return outcomeOfDifferent(all, found, differenceOf(all, repeated));
}

function outcomeOfSame(all: readonly Repetition[]): ProofOutcome {
  const called = all.filter(finds("higher", "lower")).length;
  const [least, most] = [MISS, 1 - MISS].map((share) =>
    binomialQuantile(all.length, SIGNIFICANCE, share)
  ) as [number, number];
  return {
    holds: called <= most,
    text: `${called} of ${counted(all.length, "comparison")} of a design with itself ` +
      `called a difference. By chance, at ${100 * SIGNIFICANCE} % each, it would be ` +
      `${
        (SIGNIFICANCE * all.length).toFixed(0)
      }: no less than ${least} and no more than ${most}, ` +
      `${100 * (1 - 2 * MISS)} times in 100.`,
  };
}

/** Whether a difference is found as often as the comparisons say that they find it. */
function outcomeOfDifferent(
  all: readonly Repetition[],
  found: readonly Repetition[],
  difference: number,
): ProofOutcome {
  const claims = all.filter(({ comparison }) => {
    const share = comparison && visible(comparison);
    return share !== null && share <= difference;
  });
  const kept = claims.filter((one) => found.includes(one)).length;
  const least = binomialQuantile(claims.length, POWER, MISS);
  return {
    holds: kept >= least,
    text: `${found.length} of ${counted(all.length, "comparison")} found the difference of ` +
      `${formatShare(difference)}. ${claims.length} of them say that ${
        10 * POWER
      } of 10 find it: ` +
      `${kept} did, and by chance it would be at least ${least}, ${100 * (1 - MISS)} times in 100.`,
  };
}

/** The difference between A and B: what was added, or else the median of the ratios. */
function differenceOf(all: readonly Repetition[], { extraShare }: Repeated): number {
  if (extraShare > 0) return extraShare;
  const ratios = all.flatMap(({ comparison }) => comparison?.ratio ?? []);
  return ratios.length === 0 ? 0 : Math.expm1(Math.abs(Math.log(median(ratios))));
}

function finds(...findings: Finding[]): (one: Repetition) => boolean {
  return ({ comparison }) => comparison !== null && findings.includes(findingOf(comparison));
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
