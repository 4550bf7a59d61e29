/**
 * Comparisons as sentences, and as events for programs.
 *
 * @module
 */
import {
  type Comparison,
  fewestRounds,
  findingOf,
  POWER,
  roundsFor,
  visible,
} from "./comparison.ts";
import { type MetricName, metrics } from "./metrics.ts";

/** The smallest difference of interest. */
export const OF_INTEREST = 0.1;

/** The largest number of rounds to recommend. */
const MOST_ROUNDS = 1000;

/**
 * The finding about a metric of B with its certainty. Without a difference: the smallest one that such
 * rounds find, and the number of rounds that would find one of 10 %.
 *
 * @param a Name of A.
 * @param b Name of B.
 */
export function verdict(
  comparison: Comparison,
  a: string,
  b: string,
  metric: MetricName = "cpu",
): string {
  const { title: lower } = metrics[metric];
  const title = lower[0]!.toUpperCase() + lower.slice(1);
  switch (findingOf(comparison)) {
    case "too few rounds":
      return `${title} of ${b} and ${a}: ${tooFew(comparison)}`;
    case "no difference":
      return `${title} of ${b} and ${a}: ${none(comparison)}`;
    default:
      return `${title} of ${b} is ${changeText(comparison)} that of ${a} ` +
        `(95 % interval ${spread(comparison)}, ${pValues(comparison)}, ${roundsText(comparison)}).`;
  }
}

/** The same for programs; the fields are described in `Comparison`. */
export function verdictEvent(
  comparison: Comparison,
  a: string,
  b: string,
  metric: MetricName = "cpu",
) {
  const { possible: _, ...rest } = comparison;
  const isTooFew = findingOf(comparison) === "too few rounds";
  return {
    event: "comparison",
    a,
    b,
    metric,
    finding: findingOf(comparison),
    ...rest,
    // A range is not an interval: its width says nothing about other rounds.
    visible: visible(comparison),
    roundsForTenPercent: isTooFew ? null : roundsFor(OF_INTEREST, comparison),
    verdict: verdict(comparison, a, b, metric),
  };
}

/** A p-value as text. */
export function formatP(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(p < 0.1 ? 3 : 2);
}

/** A ratio as a signed percentage: 0.92 is "−8.0 %". From 2 on as a multiple: "13.4 ×". */
export function formatRatio(ratio: number): string {
  return ratio >= 2 ? `${multiples([ratio])} ×` : `${signedPercents([ratio])} %`;
}

/** A range of ratios, in the unit of the larger one. */
export function formatRatios({ low, high }: { low: number; high: number }): string {
  return high >= 2 ? `${multiples([low, high])} ×` : `${signedPercents([low, high])} %`;
}

/** A share as a percentage without a sign: 0.06 is "6.0 %". */
export function formatShare(share: number): string {
  return `${percents([share])} %`;
}

/** A ratio that is a difference: "10 % higher than", or "13.0 times". */
export function changeText({ ratio, interval: { high } }: Comparison): string {
  if (high >= 2) return `${multiples([ratio])} times`;
  return `${percents([ratio - 1])} % ${ratio > 1 ? "higher" : "lower"} than`;
}

/** An interval without 1, for use after `changeText`: no signs, the smaller value first. */
function spread({ interval: { low, high } }: Comparison): string {
  if (high >= 2) return `${multiples([low, high])} times`;
  return `${percents(low > 1 ? [low - 1, high - 1] : [1 - high, 1 - low])} %`;
}

function none(comparison: Comparison): string {
  const found = `95 % interval ${formatRatios(comparison.interval)}, ${pValues(comparison)}`;
  return `no difference found in ${roundsText(comparison)} (${found}). One of ` +
    `${formatShare(visible(comparison)!)} would be found ${10 * POWER} times in 10.` +
    advice(comparison);
}

/** The number of rounds needed, if a difference of interest could be hidden by noise. */
function advice(comparison: Comparison): string {
  if (visible(comparison)! < OF_INTEREST) return "";
  const { rounds: { a, b } } = comparison;
  const needed = Math.max(roundsFor(OF_INTEREST, comparison), a, b);
  return ` Finding one of ${100 * OF_INTEREST} % needs ${about(needed)} rounds.`;
}

function tooFew(comparison: Comparison): string {
  const { ratio, interval, rounds: { a: n, b: m }, smallestP } = comparison;
  const range = Math.max(n, m) > 1 ? `, range ${formatRatios(interval)}` : "";
  return `${roundsText(comparison)} ${Math.max(n, m) === 1 ? "is" : "are"} too few${
    among(comparison)
  }: ` +
    `p cannot fall below ${formatP(smallestP)}; at least ${fewestRounds(comparison)} rounds ` +
    `are needed (measured: ${formatRatio(ratio)}${range}).`;
}

function among({ family }: Comparison): string {
  return family > 1 ? ` for ${family} comparisons` : "";
}

function pValues({ p, correctedP, family }: Comparison): string {
  const corrected = family > 1
    ? `, ${formatP(correctedP)} corrected for ${family} comparisons`
    : "";
  return `p ${p < 0.001 ? "" : "= "}${formatP(p)}${corrected}`;
}

/** The number of rounds. */
export function roundsText({ paired, rounds: { a, b } }: Comparison): string {
  if (!paired && a !== b) return `${a} and ${b} rounds`;
  return a === 1 ? "1 round" : `${a} rounds`;
}

function about(rounds: number): string {
  return rounds > MOST_ROUNDS ? `more than ${MOST_ROUNDS}` : `about ${rounds}`;
}

/** Shares in percent, without signs. */
function percents(shares: readonly number[]): string {
  return shares.map((share) => (100 * Math.abs(share)).toFixed(decimals(shares))).join("…");
}

function signedPercents(ratios: readonly number[]): string {
  const shares = ratios.map((ratio) => ratio - 1);
  return shares.map((share) => {
    const text = (100 * Math.abs(share)).toFixed(decimals(shares));
    if (Number(text) === 0) return text;
    return (share > 0 ? "+" : "−") + text;
  }).join("…");
}

/** Decimals of percentages: two or three significant digits, since more would be noise. */
function decimals(shares: readonly number[]): number {
  return Math.max(...shares.map(Math.abs)) < 0.0995 ? 1 : 0;
}

function multiples(ratios: readonly number[]): string {
  return ratios.map((ratio) => ratio.toFixed(Math.max(...ratios) < 99.5 ? 1 : 0)).join("…");
}
