/**
 * The notes on Table 30.1: how to read it, which differences its rounds show, and which rounds are outliers.
 *
 * @module
 */
import {
  type Comparison,
  fewestRounds,
  type Finding,
  findingOf,
  visible,
} from "../../compare/comparison.ts";
import type { Deciding } from "../../compare/metrics.ts";
import { formatP, formatShare } from "../../compare/verdict.ts";
import type { Interval } from "../../statistics/median.ts";
import { OUTLYING } from "../../statistics/outliers.ts";
import { eventNotes, herdNotes } from "./columns.ts";
import { bottleneckNotes } from "../summary/bottleneck.ts";
import type { Plan } from "../../record/types.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";
import { BEYOND } from "../../statistics/percentiles.ts";

/** Which percentiles are shown. */
export const PERCENTILE_NOTE =
  `A percentile is shown where at least ${BEYOND} requests took longer: p99 takes ` +
  `${100 * BEYOND} requests in all rounds, p99.9 takes ${1000 * BEYOND}.`;

/** The notes. `spreads` are the intervals and ranges printed in the table. */
export function notes301(summary: Summary, spreads: readonly Interval[]): string[] {
  return [
    ...columnNotes,
    ...slowDesigns(summary),
    ...unpaired(summary),
    ...spreadNotes(spreads),
    ...differences(summary),
    ...outlyingRounds(summary),
    ...bottleneckNotes(summary),
    loopNote(summary.run.plan),
    `p50, p90, p99, p99.9, max: latency of a connection (connect, request, reply). ${PERCENTILE_NOTE} ` +
    "ctx sw.: context switches, " +
    "voluntary and involuntary. PSS: memory of parent and children at the busiest moment of the load " +
    "(mean: of all samples), shared pages counted once; for threads, of the whole process. A record without " +
    "samples has the memory after the load, and none where each client had its own child. " +
    "The user and system share of CPU time is tick-based and approximate: see the CSV.",
    ...eventNotes(summary.designs),
    ...herdNotes(summary.designs),
    summary.run.plan.local
      ? "Over: the transport. unix: a Unix-domain stream socket. door: each connection opens the door, calls " +
        "it once and closes it. The book measured TCP only."
      : "Book: process-control CPU seconds, third edition. Its machines are decades old: compare order and " +
        "ratios, not seconds.",
  ];
}

/** What latency says of a server, which depends on who waits for whom. */
export function loopNote({ rate, sweep }: Plan): string {
  return rate > 0 || sweep?.parameter === "rate"
    ? "Latency is that of an open loop, from when a request was due; the baseline's is of a closed one."
    : "Latency is that of a closed loop: a client that waits for a slow reply sends nothing meanwhile, so " +
      "a stop of the server is in one request of each client. --rate measures an open loop.";
}

/** How the columns are measured and summarized. */
export const columnNotes: readonly string[] = [
  "All values are medians over n rounds; n is valid/run if trials failed. CPU s: parent and children, " +
  "from mark to stop. MAD: median absolute deviation over rounds, in percent of the median.",
  "Process control s: CPU s minus that of the baseline in the same round; it may be negative. The " +
  "baseline serves the same number of connections to a single client, so its wall time, throughput " +
  "and latency are those of one client at a time.",
];

/** Designs with fewer rounds than others, and those whose loads were ended early. */
function slowDesigns({ run: { plan, complete }, designs }: Summary): string[] {
  const planned = (id: string) => plan.trials.filter(({ design }) => design === id).length;
  const most = Math.max(...designs.map(({ id }) => planned(id)));
  const slow = complete
    ? designs.filter(({ id, isBaseline }) => !isBaseline && planned(id) < most)
    : [];
  const isTimed = plan.duration > 0;
  const early = designs.filter(({ n, madeShare }) => n > 0 && (isTimed || madeShare < 1));
  const connections = plan.clients * plan.connections;
  const made = early.map(({ id, madeShare }) =>
    `${id} (about ${(madeShare * connections).toFixed(0)})`
  ).join(", ");
  return [
    ...(slow.length > 0
      ? [
        `Fewer rounds: ${
          slow.map(({ id }) => id).join(", ")
        }. Their trials take longest, so they leave ` +
        "time for the others.",
      ]
      : []),
    ...(early.length > 0
      ? [
        isTimed
          ? `Connections in ${plan.duration} s: ${made}. CPU s, process control s and wall s are scaled to ` +
            `${connections} connections.`
          : `Ended after ${plan.limits.run} s of load: ${made} of ${connections} connections. CPU s, process ` +
            "control s and wall s are scaled to all of them.",
      ]
      : []),
  ];
}

/** The meaning of the intervals and ranges in a table. */
export function spreadNotes(spreads: readonly Interval[]): string[] {
  const kinds = new Set(spreads.map(({ kind }) => kind));
  return [
    ...(kinds.has("interval")
      ? [
        "95 % interval: the median of many more rounds would lie in it 95 times in 100 (a bootstrap, adjusted " +
        "for few rounds).",
      ]
      : []),
    ...(kinds.has("range")
      ? [
        "Range: lowest to highest; a 95 % interval needs at least 6 rounds.",
      ]
      : []),
    ...(kinds.size === 0 ? ["One round has no spread: no interval, no range."] : []),
  ];
}

/** The differences from the baseline, and the designs with too few rounds to show one. */
function differences({ designs }: Summary): string[] {
  const compared = designs.flatMap(({ id, againstBaseline }) =>
    againstBaseline ? [{ id, comparison: againstBaseline }] : []
  );
  const [first] = compared;
  if (!first) return [];
  const byFinding = Map.groupBy(compared, ({ comparison }) => findingOf(comparison));
  const findings = Object.entries(FINDINGS).flatMap(([finding, title]) => {
    const found = byFinding.get(finding as Finding) ?? [];
    const ids = found.map(({ id, comparison }) => `${id} (${evidence(comparison)})`);
    return found.length === 0 ? [] : [`${title}: ${ids.join(", ")}`];
  });
  const { family } = first.comparison;
  const corrected = family > 1 ? `, p after Holm's correction for ${family} designs` : "";
  const needed = byFinding.has("too few rounds")
    ? ` A difference takes at least ${fewestRounds(first.comparison)} rounds.`
    : "";
  return [
    `${
      FIGURES[first.comparison.figure]
    } compared with the baseline's (Wilcoxon's signed-rank test within rounds${corrected}): ` +
    `${findings.join("; ")}.${needed}`,
  ];
}

const FIGURES: Readonly<Record<Deciding, string>> = {
  instructions: "Instructions per connection",
  cpu: "CPU time",
};

const FINDINGS: Readonly<Record<Finding, string>> = {
  higher: "more",
  lower: "less",
  "no difference": "no difference found",
  "too few rounds": "too few rounds",
};

function evidence(comparison: Comparison): string {
  const finding = findingOf(comparison);
  if (finding === "too few rounds") return String(comparison.rounds.a);
  const p = `p ${comparison.correctedP < 0.001 ? "" : "= "}${formatP(comparison.correctedP)}`;
  return finding === "no difference"
    ? `${p}; ${formatShare(visible(comparison)!)} would probably be found`
    : p;
}

/** The rounds that are outliers of their design. */
export function outlyingRounds({ designs }: Summary): string[] {
  const outlying = designs.filter(({ outlyingRounds }) => outlyingRounds.length > 0)
    .map(outlyingRoundsText);
  if (outlying.length === 0) return [];
  return [
    `Outlying rounds, included (CPU s more than ${OUTLYING} scaled MADs from the median of the design; ` +
    `Iglewicz and Hoaglin): ${outlying.join("; ")}.`,
  ];
}

function outlyingRoundsText({ id, outlyingRounds }: DesignSummary): string {
  const rounds = outlyingRounds.map(({ round, cpuSeconds, score }) =>
    `round ${round} (${cpuSeconds.toFixed(3)} s, ${Math.abs(score).toFixed(1)} ` +
    `${score > 0 ? "above" : "below"})`
  );
  return `${id} ${rounds.join(", ")}`;
}

/** Rounds without a baseline, and so without a process-control time. */
export function unpaired({ designs }: Summary): string[] {
  return designs.flatMap(({ id, n, processControl }) => {
    const missing = n - (processControl?.n ?? 0);
    return missing === 0 ? [] : [
      `${id}: no process-control time for ${missing} of ${n} rounds, which have no valid baseline.`,
    ];
  });
}
