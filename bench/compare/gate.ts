/**
 * Whether a comparison fails a build.
 *
 * @module
 */
import { type Comparison, findingOf, isRegression } from "./comparison.ts";
import { formatRatios } from "./verdict.ts";

/** The result of a threshold. */
export interface Gate {
  readonly isRegression: boolean;
  /** The reason. */
  readonly sentence: string;
}

/** Whether `b` costs more by more than a share (0.05 is 5 %), and the reason. */
export function gate(comparison: Comparison, b: string, share: number): Gate {
  const threshold = `${Number((100 * share).toFixed(2))} %`;
  if (isRegression(comparison, share)) {
    return {
      isRegression: true,
      sentence:
        `Regression: ${b} costs more by more than ${threshold}; the interval and the noise band ` +
        `(${formatRatios(comparison.noise)}) are both above it.`,
    };
  }
  return {
    isRegression: false,
    sentence: `No regression above ${threshold}: ${whyNot(comparison, share)}.`,
  };
}

function whyNot(comparison: Comparison, share: number): string {
  const finding = findingOf(comparison);
  if (finding !== "costs more") return finding === "costs less" ? "it costs less" : finding;
  const { interval, noise } = comparison;
  return interval.low > 1 + share
    ? `the interval is above it, but the noise band ${formatRatios(noise)} is not: half of ` +
      "all rounds differ this much by chance"
    : "the interval is not entirely above it";
}
