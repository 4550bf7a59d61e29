/**
 * A comparison in a plain sentence.
 *
 * @module
 */
import {
  type Comparison,
  detectable,
  fewestRounds,
  findingOf,
  POWER,
  roundsFor,
} from "./comparison.ts";

/** The difference that one would like to know of, where the noise hides it. */
export const OF_INTEREST = 0.1;

/** More rounds than this nobody runs. */
const MOST_ROUNDS = 1000;

/**
 * What was found of B, and how sure that is; where nothing was found, how large a difference would have
 * been seen, and how many rounds would find one of 10 %.
 *
 * @param a What A is called.
 * @param b What B is called.
 */
export function verdict(comparison: Comparison, a: string, b: string): string {
  switch (findingOf(comparison)) {
    case "too few rounds":
      return tooFew(comparison, a, b);
    case "no difference":
      return none(comparison, a, b);
    default:
      return `${b} ${costs(comparison, a)} ` +
        `(95 % interval ${spread(comparison)}, ${pValues(comparison)}, ${rounds(comparison)}).`;
  }
}

/** The same for programs. Ratios are those of B to A; noise and interval are explained in comparison.ts. */
export function verdictEvent(comparison: Comparison, a: string, b: string) {
  const { possible: _, ...figures } = comparison;
  const isTooFew = findingOf(comparison) === "too few rounds";
  return {
    event: "comparison",
    a,
    b,
    finding: findingOf(comparison),
    ...figures,
    // A range is no interval: nothing follows from its width.
    detectable: isTooFew ? null : detectable(comparison),
    roundsForTenPercent: isTooFew ? null : roundsFor(OF_INTEREST, comparison),
    verdict: verdict(comparison, a, b),
  };
}

/** A p-value as it is printed. */
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

function costs({ ratio, interval: { high } }: Comparison, a: string): string {
  if (high >= 2) return `costs ${multiples([ratio])} times as much CPU as ${a}`;
  return `costs ${percents([ratio - 1])} % ${ratio > 1 ? "more" : "less"} CPU than ${a}`;
}

/** An interval that does not include 1, in the words of `costs`: without signs, the smaller one first. */
function spread({ interval: { low, high } }: Comparison): string {
  if (high >= 2) return `${multiples([low, high])} times`;
  return `${percents(low > 1 ? [low - 1, high - 1] : [1 - high, 1 - low])} %`;
}

function none(comparison: Comparison, a: string, b: string): string {
  const seen = formatShare(detectable(comparison)) + " would have been seen" + among(comparison);
  const found = `95 % interval ${formatRatios(comparison.interval)}, ${pValues(comparison)}`;
  return `${b} and ${a}: no difference that ${rounds(comparison)} could show; ` +
    `a difference of ${seen} (${found}).${advice(comparison)}`;
}

/** How many rounds it would take, where a difference that one would like to know of may be hidden. */
function advice(comparison: Comparison): string {
  if (detectable(comparison) < OF_INTEREST) return "";
  return ` To find one of ${100 * OF_INTEREST} %, ${POWER * 5} times in 5, would take ` +
    `${about(roundsToDecide(comparison))} rounds.`;
}

/** Where by their noise the rounds that there are should have done, but did not, as many again. */
function roundsToDecide(comparison: Comparison): number {
  const { rounds: { a, b } } = comparison;
  const needed = roundsFor(OF_INTEREST, comparison);
  return needed > Math.max(a, b) ? needed : 2 * Math.max(a, b);
}

function tooFew(comparison: Comparison, a: string, b: string): string {
  const { ratio, interval, rounds: { a: n, b: m }, smallestP } = comparison;
  const range = Math.max(n, m) > 1 ? `, range ${formatRatios(interval)}` : "";
  return `${b} and ${a}: ${rounds(comparison)} cannot show a difference${among(comparison)}, ` +
    `as p is no less than ${formatP(smallestP)} however large it is; ` +
    `${fewestRounds(comparison)} rounds could (seen: ${formatRatio(ratio)}${range}).`;
}

function among({ family }: Comparison): string {
  return family > 1 ? ` among ${family} comparisons` : "";
}

function pValues({ p, correctedP, family }: Comparison): string {
  const corrected = family > 1 ? `, ${formatP(correctedP)} for ${family} comparisons` : "";
  return `p ${p < 0.001 ? "" : "= "}${formatP(p)}${corrected}`;
}

function rounds({ paired, rounds: { a, b } }: Comparison): string {
  if (!paired && a !== b) return `${a} and ${b} rounds`;
  return a === 1 ? "1 round" : `${a} rounds`;
}

function about(rounds: number): string {
  return rounds > MOST_ROUNDS ? `more than ${MOST_ROUNDS}` : `about ${rounds}`;
}

/** Ratios less 1, in percent. */
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

/** Of percentages: two digits or three, since more would be noise. */
function decimals(shares: readonly number[]): number {
  return Math.max(...shares.map(Math.abs)) < 0.0995 ? 1 : 0;
}

function multiples(ratios: readonly number[]): string {
  return ratios.map((ratio) => ratio.toFixed(Math.max(...ratios) < 99.5 ? 1 : 0)).join("…");
}
