/**
 * The knee of each design in a sweep over rates: the highest rate at which latency stays low.
 *
 * @module
 */
import type { SweepData } from "./sweep.ts";

/** A rate and its p99 in seconds, the median of the rounds; null: no trial of it is valid. */
export interface RatePoint {
  readonly rate: number;
  readonly p99: number | null;
}

/** The knee of a design. */
export interface Knee {
  readonly design: string;
  /** The highest rate up to which p99 is below the limit; undefined: there is none. */
  readonly last: RatePoint | undefined;
  /** The first one at which it is not; undefined: there is none. */
  readonly first: RatePoint | undefined;
}

/** The knees of a sweep over rates, in the order of the designs; empty for another sweep. */
export function kneesOf(sweep: SweepData | null, limitMilliseconds: number | null): Knee[] {
  if (sweep?.parameter !== "rate" || limitMilliseconds === null) return [];
  return [...ratesOf(sweep)].map(([design, points]) => {
    const over = points.findIndex(({ p99 }) => p99 === null || 1000 * p99 >= limitMilliseconds);
    const end = over === -1 ? points.length : over;
    return { design, last: points[end - 1], first: points[end] };
  });
}

/** The rates of each design, the lowest first. The baseline has none. */
export function ratesOf({ points }: SweepData): Map<string, RatePoint[]> {
  const all = points.toSorted((a, b) => a.value - b.value).flatMap(({ value, summary }) =>
    summary.designs.filter(({ isBaseline }) => !isBaseline)
      .map(({ id, latency }) => ({ id, rate: value, p99: latency.p99?.median ?? null }))
  );
  return new Map(
    [...Map.groupBy(all, ({ id }) => id)]
      .map(([id, same]) => [id, same.map(({ rate, p99 }) => ({ rate, p99 }))]),
  );
}
