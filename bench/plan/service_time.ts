/**
 * How long each request takes, besides its reply: as a server gets it, and in words.
 *
 * @module
 */
import type { ServiceTime } from "../../servers/design.ts";
import type { Plan } from "../record/types.ts";

/** What a plan says of it. */
export type PlannedTimes = Pick<Plan, "work" | "workDistribution" | "wait" | "waitDistribution">;

/** As a server gets it. */
export function serviceTime(
  { work, workDistribution, wait, waitDistribution, seed }: PlannedTimes & {
    readonly seed: number;
  },
): ServiceTime {
  return {
    work: { nanoseconds: 1e3 * work, distribution: workDistribution },
    wait: { nanoseconds: 1e6 * wait, distribution: waitDistribution },
    seed,
  };
}

/**
 * In a sentence, such as "Each request works 200 µs and waits 5 ms (exponential).", which may have other texts for
 * the numbers; null if requests take no time.
 */
export function requestTimesText(
  times: PlannedTimes,
  { work, wait } = { work: String(times.work), wait: String(times.wait) },
): string | null {
  const suffix = (distribution: Plan["workDistribution"]) =>
    distribution === "exponential" ? " (exponential)" : "";
  const parts = [
    ...(work === "0" ? [] : [`works ${work} µs${suffix(times.workDistribution)}`]),
    ...(wait === "0" ? [] : [`waits ${wait} ms${suffix(times.waitDistribution)}`]),
  ];
  return parts.length === 0 ? null : `Each request ${parts.join(" and ")}.`;
}
