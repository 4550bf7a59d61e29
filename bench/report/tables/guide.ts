/**
 * Which design for which goal: recommendations from the results of a run.
 *
 * @module
 */
import { servesMany } from "../../../servers/designs.ts";
import { FEWEST_FOR_INTERVAL } from "../../statistics/median.ts";
import type { DesignSummary, Estimate, Summary } from "../summary/summary.ts";
import { short } from "./table.ts";

/** Something measured, by which designs are compared. */
interface Measure {
  readonly estimate: (design: DesignSummary) => Estimate | null;
  /** Whether a higher value is better. */
  readonly isHigherBetter?: boolean;
  readonly text: (value: number) => string;
}

const MIB = 1024 * 1024;

/** Medians that differ by less than this share are close, whatever their intervals. */
const CLOSE = 0.05;

const cpu: Measure = {
  estimate: ({ cpuMicrosecondsPerConnection }) => cpuMicrosecondsPerConnection,
  text: (value) => `${short(value)} µs CPU per connection`,
};
const throughput: Measure = {
  estimate: ({ connectionsPerSecond }) => connectionsPerSecond,
  isHigherBetter: true,
  text: (value) => `${short(value)} connections/s`,
};
const tailLatency: Measure = {
  estimate: ({ latency }) => latency.p99,
  text: (value) => `p99 ${short(1000 * value)} ms`,
};
const memory: Measure = {
  estimate: ({ pssBytes }) => pssBytes,
  text: (value) => `${short(value / MIB)} MiB`,
};
const evenness: Measure = {
  estimate: ({ evenness }) => evenness,
  text: (value) => `busiest child ${short(value)} times the clients of the least busy`,
};

/** What every design costs. */
const COSTS = [cpu, throughput, tailLatency, memory];

/** What somebody may want of a server. */
interface Goal {
  readonly goal: string;
  readonly measure: Measure;
  /** The requirement that a design must meet. */
  readonly isMet: (design: DesignSummary) => boolean;
}

/** Serves clients concurrently: every registered design except the baseline. */
const isConcurrent = ({ info, isBaseline }: DesignSummary) => info !== null && !isBaseline;

const hasProcesses = ({ info }: DesignSummary) =>
  info !== null && info.children !== "none" && info.children !== "worker";

const GOALS: readonly Goal[] = [
  { goal: "Lowest CPU time", measure: cpu, isMet: isConcurrent },
  { goal: "Highest throughput", measure: throughput, isMet: isConcurrent },
  { goal: "Low tail latency", measure: tailLatency, isMet: isConcurrent },
  { goal: "Little memory", measure: memory, isMet: isConcurrent },
  { goal: "Even load on all children", measure: evenness, isMet: isConcurrent },
  {
    goal: "Crash isolation: a crash of one child does not affect the others",
    measure: cpu,
    isMet: hasProcesses,
  },
  {
    goal: "All children in one process",
    measure: cpu,
    isMet: ({ info }) => info?.children === "worker",
  },
  {
    goal: "Clients that stay connected, or requests that wait: none takes up a worker",
    measure: cpu,
    isMet: ({ info }) => info !== null && servesMany(info),
  },
  {
    goal: "A new child for each client, without state from earlier clients",
    measure: cpu,
    isMet: ({ info }) => info?.lifetime === "client",
  },
  {
    goal: "The simplest program; clients wait for each other",
    measure: cpu,
    isMet: ({ isBaseline }) => isBaseline,
  },
];

/** A recommendation with its reasons. */
export interface Recommendation {
  readonly goal: string;
  readonly design: string;
  /** Number of rounds of that design. */
  readonly rounds: number;
  /** Its value for the goal. */
  readonly value: string;
  /** Its other costs. */
  readonly costs: readonly string[];
  /** The value of the best design for the goal, if that is a different one with higher CPU time. */
  readonly closeTo: string | null;
  /** Other designs that are close in this goal and not dominated, each with its value. */
  readonly alternatives: readonly string[];
}

/** What the recommendations are based on, and whether that is enough. */
export function basisText({ designs }: Summary): string {
  const rounds = Math.max(0, ...designs.map(({ n }) => n));
  if (rounds === 1) {
    return "These recommendations rest on a single round, which cannot distinguish a difference from noise: run more " +
      "rounds before choosing. Other machines and loads give other results.";
  }
  const few = rounds < FEWEST_FOR_INTERVAL
    ? ` At least ${FEWEST_FOR_INTERVAL} are needed for 95 % intervals.`
    : "";
  return `These recommendations rest on the ${rounds} rounds of this run.${few} Other machines and loads ` +
    "give other results.";
}

/**
 * Recommends a design for each goal that some design of the run meets. Of the designs close to the best value
 * it takes the one with the least CPU time. A design that another one dominates is never recommended.
 */
export function recommend({ designs }: Summary): Recommendation[] {
  return GOALS.flatMap(({ goal, measure, isMet }) => {
    const eligible = designs.filter((design) => isMet(design) && measure.estimate(design));
    const measures = [...new Set([measure, ...COSTS])];
    const ranked = eligible
      .filter((design) => !eligible.some((other) => dominates(other, design, measures)))
      .toSorted((a, b) => -Math.sign(advantage(a, b, measure) ?? 0));
    const [first] = ranked;
    if (!first) return [];
    const close = ranked.filter((design) => isClose(design, first, measure));
    const chosen = close.toSorted((a, b) => -Math.sign(advantage(a, b, cpu) ?? 0))[0]!;
    const named = (design: DesignSummary) => `${design.id} (${valueText(design, measure)})`;
    return [{
      goal,
      design: chosen.id,
      rounds: measure.estimate(chosen)!.n,
      value: valueText(chosen, measure)!,
      costs: COSTS.filter((cost) => cost !== measure).flatMap((cost) =>
        valueText(chosen, cost) ?? []
      ),
      closeTo: chosen === first ? null : named(first),
      alternatives: close.filter((design) => design !== chosen && design !== first).map(named),
    }];
  });
}

function valueText(design: DesignSummary, { estimate, text }: Measure): string | null {
  const value = estimate(design)?.median;
  return value === undefined ? null : text(value);
}

/** Whether `a` is nowhere clearly worse than `b` and somewhere clearly better, by medians of what both have. */
function dominates(a: DesignSummary, b: DesignSummary, measures: readonly Measure[]): boolean {
  const advantages = measures.flatMap((measure) => {
    const one = advantage(a, b, measure);
    if (one === null) return [];
    return Math.abs(one) <= CLOSE * Math.abs(measure.estimate(b)!.median) ? 0 : one;
  });
  return advantages.every((one) => one >= 0) && advantages.some((one) => one > 0);
}

/** How much better the median of `a` is than that of `b`; null if one of them has none. */
function advantage(a: DesignSummary, b: DesignSummary, measure: Measure): number | null {
  const [ofA, ofB] = [measure.estimate(a)?.median, measure.estimate(b)?.median];
  if (ofA === undefined || ofB === undefined) return null;
  // Two counts of 0 make two infinite ratios, which are equal.
  if (ofA === ofB) return 0;
  return measure.isHigherBetter ? ofA - ofB : ofB - ofA;
}

/** Whether a design is about as good as the best: their intervals or ranges overlap, or differ little. */
function isClose(design: DesignSummary, best: DesignSummary, { estimate }: Measure): boolean {
  const [one, other] = [estimate(design)!, estimate(best)!];
  if (Math.abs(one.median - other.median) <= CLOSE * Math.abs(other.median)) return true;
  return one.interval.low <= other.interval.high && other.interval.low <= one.interval.high;
}
