/**
 * The flags of how long each request takes: `--work` and `--wait`.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import type { Plan } from "../record/record.ts";
import type { PlannedTimes } from "../plan/service_time.ts";
import { RANGES } from "../plan/ranges.ts";
import type { Flags } from "./flags.ts";
import { type NumberFlag, parseNumber } from "./numbers.ts";

/** Their numbers: means. */
export const timeNumbers = {
  work: {
    kind: "integer",
    value: "US",
    default: 0,
    min: RANGES.work[0],
    max: RANGES.work[1],
    fractions: true,
    help: "Have each request take US microseconds of CPU time in the server",
  },
  wait: {
    kind: "integer",
    value: "MS",
    default: 0,
    min: RANGES.wait[0],
    max: RANGES.wait[1],
    fractions: true,
    help: "Have each request wait MS milliseconds in the server, as for a database",
  },
} as const satisfies Record<string, NumberFlag>;

/** The flags. */
export const timeFlags = {
  work: { kind: "string", value: "US", help: `${timeNumbers.work.help}; exp:US is a random time` },
  wait: { kind: "string", value: "MS", help: `${timeNumbers.wait.help}; exp:MS is a random time` },
} as const satisfies Flags;

/** Parses the flags. @throws {UsageError} for what is no time, or no distribution. */
export function timesOf(
  { work = "0", wait = "0" }: {
    readonly work?: string | undefined;
    readonly wait?: string | undefined;
  },
): PlannedTimes {
  const [working, waiting] = [splitTime("work", work), splitTime("wait", wait)];
  return {
    work: parseNumber("work", timeNumbers.work, working.text),
    workDistribution: working.distribution,
    wait: parseNumber("wait", timeNumbers.wait, waiting.text),
    waitDistribution: waiting.distribution,
  };
}

/** Splits a time such as `5` or `exp:5` into its distribution and its number, or list. */
export function splitTime(
  flag: "work" | "wait",
  text: string,
): { distribution: Plan["workDistribution"]; text: string } {
  const [, prefix, number] = text.match(/^(?:([^:]*):)?(.*)$/)!;
  if (prefix === undefined) return { distribution: "fixed", text };
  if (prefix === "exp") return { distribution: "exponential", text: number! };
  throw new UsageError(
    `Unknown distribution "${prefix}" of --${flag}: write --${flag} ${number} for the same time of each ` +
      `request, or --${flag} exp:${number} for exponentially distributed times of that mean`,
  );
}
