/**
 * Whether a comparison is to fail a build.
 *
 * @module
 */
import { type Comparison, findingOf, isRegression } from "./comparison.ts";
import { formatRatios } from "./verdict.ts";

/** What a threshold says of a comparison. */
export interface Gate {
  readonly isRegression: boolean;
  /** Why, or why not. */
  readonly sentence: string;
}

/** Whether `b` costs more by more than a share (0.05 is 5 %), and why or why not. */
export function gate(comparison: Comparison, b: string, share: number): Gate {
  const bar = `${Number((100 * share).toFixed(2))} %`;
  if (isRegression(comparison, share)) {
    return {
      isRegression: true,
      sentence:
        `Regression: ${b} costs more by more than ${bar}; the interval and the noise band ` +
        `(${formatRatios(comparison.noise)}) agree.`,
    };
  }
  return {
    isRegression: false,
    sentence: `No regression above ${bar}: ${whyNot(comparison, share)}.`,
  };
}

function whyNot(comparison: Comparison, share: number): string {
  const finding = findingOf(comparison);
  if (finding !== "costs more") return finding === "costs less" ? "it costs less" : finding;
  const { interval, noise } = comparison;
  return interval.low > 1 + share
    ? `the interval is above it, but the noise band ${
      formatRatios(noise)
    } is not: half of all rounds ` +
      "lie as far apart by chance"
    : "not all of the interval is above it";
}
