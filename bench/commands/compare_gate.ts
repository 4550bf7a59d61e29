/**
 * The gate of a comparison on the command line: its thresholds, such as `cpu=5%,p99=20%`, and its exit code.
 *
 * @module
 */
import type { Flags } from "../cli/flags.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import type { Gate, Thresholds } from "../compare/gate.ts";
import { type MetricName, METRICS } from "../compare/metrics.ts";

/** The flags of a comparison: its gate, and its chart. */
export const gateFlags = {
  "fail-above": {
    kind: "string",
    value: "cpu=5%,p99=20%",
    help:
      "Exit with 99 if B is worse by more than that: cpu (a bare 5%), p50, p99, throughput, memory, instructions",
  },
  "allow-unsure": {
    kind: "boolean",
    help: "Exit with 0 in place of 98 if the rounds cannot show such a regression",
  },
  across: {
    kind: "boolean",
    help: "Compare recorded runs even if they were measured under different conditions",
  },
  chart: { kind: "string", value: "FILE", help: "Also draw the differences as SVG into FILE" },
} as const satisfies Flags;

/**
 * Parses the thresholds given to a flag: a percentage for each metric; a bare one is for CPU time.
 *
 * @throws {UsageError} for anything else, or a metric that is named twice.
 */
export function parseThresholds(flag: string, text: string | undefined): Thresholds | undefined {
  if (text === undefined) return undefined;
  const thresholds: Partial<Record<MetricName, number>> = {};
  for (const part of text.split(",")) {
    const [, name = "cpu", percent] = /^\s*(?:([a-z0-9]+)=)?(\d+(?:\.\d+)?) ?%?\s*$/.exec(part) ??
      [];
    const metric = METRICS.find((metric) => metric === name);
    if (percent === undefined || metric === undefined || metric in thresholds) {
      throw new UsageError(
        `Cannot read --${flag} "${text}": write --${flag} 5% for CPU time, or a limit for ` +
          `each of ${METRICS.join(", ")}, such as cpu=5%,p99=20%`,
      );
    }
    thresholds[metric] = Number(percent) / 100;
  }
  return thresholds;
}

/** The exit code of a run that was judged, too: a regression tells more than a failed trial. */
export function exitOfBoth(run: number, judged: number): number {
  if (run === ExitCode.failed && judged === ExitCode.regression) return judged;
  return run === ExitCode.ok ? judged : run;
}

/** The exit code of an outcome. */
export function exitOf(outcome: Gate["outcome"], allowUnsure: boolean): number {
  if (outcome === "regression") return ExitCode.regression;
  return outcome === "passed" || allowUnsure ? ExitCode.ok : ExitCode.unsure;
}
