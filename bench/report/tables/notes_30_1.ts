/**
 * What is to be said of Table 30.1: how to read it, what its rounds can show, and which of them are odd.
 *
 * @module
 */
import { type Comparison, detectable, fewestRounds, findingOf } from "../../compare/comparison.ts";
import { formatP, formatShare } from "../../compare/verdict.ts";
import type { Interval } from "../../statistics/median.ts";
import { OUTLYING } from "../../statistics/outliers.ts";
import { bottleneckNotes } from "../summary/bottleneck.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";

/** The notes. `spreads` are the intervals and ranges that the table prints. */
export function notes301(summary: Summary, spreads: readonly Interval[]): string[] {
  return [
    ...measures,
    ...slowDesigns(summary),
    ...unpaired(summary),
    ...spreadNotes(spreads),
    ...whatRoundsShow(summary),
    ...oddRounds(summary),
    ...bottleneckNotes(summary),
    "p50, p99, max: latency of a whole connection (connect, request, reply). ctx sw.: context switches, " +
    "voluntary or not. PSS: memory of everything that serves, shared pages counted once; of threads the " +
    "whole process. The split of CPU time into user and system is counted in ticks and only " +
    "indicative, so it is in the CSV alone.",
    summary.run.plan.local
      ? "Over: how the clients reach the server; unix: a stream over a Unix-domain socket; door: each opens " +
        "the door, calls it once and closes it. Book: its servers are reached over TCP only."
      : "Book: process control CPU seconds, third edition. Those machines are decades old: compare order " +
        "and ratios, not seconds.",
  ];
}

/** What is measured, and how it comes to one figure. */
export const measures: readonly string[] = [
  "Figures are medians over n rounds; n is counted/run where trials failed. " +
  "CPU s: of everything that serves, parents and children, from mark to stop. MAD: median absolute " +
  "deviation over rounds, in percent of that median.",
  "Process control s: CPU s less that of the baseline in the same round, so it can be negative. " +
  "The baseline serves as many connections, to one client: its wall time, connections per second " +
  "and latency are those of one client at a time.",
];

/** Which designs have fewer rounds than the others, because they have taken their time. */
function slowDesigns({ run: { plan, complete }, designs }: Summary): string[] {
  if (!complete || plan.limits.design === 0) return [];
  const planned = (id: string) => plan.trials.filter(({ design }) => design === id).length;
  const most = Math.max(...designs.map(({ id }) => planned(id)));
  const slow = designs.filter(({ id }) => planned(id) < most);
  return slow.length === 0 ? [] : [
    `Fewer rounds: ${slow.map(({ id }) => id).join(", ")}. A design whose loads have taken ` +
    `${plan.limits.design} s joins no further ones.`,
  ];
}

/** What the spreads are that a table prints. */
export function spreadNotes(spreads: readonly Interval[]): string[] {
  const kinds = new Set(spreads.map(({ kind }) => kind));
  return [
    ...(kinds.has("interval")
      ? [
        "95 % interval: of the median, by the bootstrap, made for few rounds: with 7 it is their whole " +
        "range and covers the median 98 times in 100, with more 95 to 99 times.",
      ]
      : []),
    ...(kinds.has("range")
      ? [
        "Range: lowest to highest, not an interval; fewer than 6 rounds are too few for one of 95 %.",
      ]
      : []),
    ...(kinds.size === 0 ? ["One round shows no spread: no interval, no range."] : []),
  ];
}

/** Which designs these rounds can tell from the baseline, and which they cannot. */
function whatRoundsShow({ designs }: Summary): string[] {
  const compared = designs.flatMap(({ id, againstBaseline }) =>
    againstBaseline ? [{ id, comparison: againstBaseline }] : []
  );
  const byFinding = Map.groupBy(compared, ({ comparison }) => findingOf(comparison));
  const tooFew = byFinding.get("too few rounds") ?? [];
  const findings = (["costs more", "costs less", "no difference"] as const).flatMap((finding) => {
    const found = byFinding.get(finding) ?? [];
    return found.length === 0 ? [] : [
      `${finding}: ${found.map(({ id, comparison }) => `${id} (${proof(comparison)})`).join(", ")}`,
    ];
  });
  const family = compared.length;
  const test = "Wilcoxon's signed-rank test within rounds" +
    (family > 1 ? `, p after Holm's correction for ${family} designs` : "");
  return [
    ...(findings.length > 0 ? [`CPU against the baseline (${test}): ${findings.join("; ")}.`] : []),
    ...[...Map.groupBy(tooFew, ({ comparison }) => comparison.rounds.a)].map(([n, same]) =>
      `Too few rounds to tell from the baseline (${test}): ` +
      `${same.map(({ id }) => id).join(", ")}. With ${
        n === 1 ? "1 round" : `${n} rounds`
      } p is no less ` +
      `than ${formatP(same[0]!.comparison.smallestP)} however large a difference is; ` +
      `${fewestRounds(same[0]!.comparison)} rounds could tell.`
    ),
  ];
}

function proof(comparison: Comparison): string {
  const p = `p ${comparison.correctedP < 0.001 ? "" : "= "}${formatP(comparison.correctedP)}`;
  return findingOf(comparison) === "no difference"
    ? `${p}; ${formatShare(detectable(comparison))} would have been seen`
    : p;
}

/** Which rounds do not look like the others of their design. */
export function oddRounds({ designs }: Summary): string[] {
  const odd = designs.filter(({ oddRounds }) => oddRounds.length > 0).map(oddRoundsText);
  if (odd.length === 0) return [];
  return [
    `Odd rounds, counted all the same (CPU s more than ${OUTLYING} scaled MADs from the median of the ` +
    `design; Iglewicz and Hoaglin): ${odd.join("; ")}.`,
  ];
}

function oddRoundsText({ id, oddRounds }: DesignSummary): string {
  const rounds = oddRounds.map(({ round, cpuSeconds, score }) =>
    `round ${round} (${cpuSeconds.toFixed(3)} s, ${Math.abs(score).toFixed(1)} ` +
    `${score > 0 ? "above" : "below"})`
  );
  return `${id} ${rounds.join(", ")}`;
}

/** Which rounds have nothing to take the process control time from. */
export function unpaired({ designs }: Summary): string[] {
  return designs.flatMap(({ id, n, processControl }) => {
    const missing = n - (processControl?.n ?? 0);
    return missing === 0 ? [] : [
      `${id}: no process control time for ${missing} of ${n} rounds, which have no baseline that counts.`,
    ];
  });
}
