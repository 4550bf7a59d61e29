/**
 * How far the clocks of other machines are from ours. Their monotonic clocks count from the start of each machine,
 * so that they differ by days, and a time of day that is wrong does not matter.
 *
 * @module
 */
import type { Link, RoundTrip } from "./link.ts";

/** Round trips to each host. The shortest says most: it waited least, on either way. */
const ROUND_TRIPS = 30;

/** The clock of a host. */
export interface Offset {
  /** Nanoseconds that its monotonic clock is ahead of ours. */
  readonly nanoseconds: number;
  /** The most, in nanoseconds, that this can be wrong: half of the round trip. */
  readonly bound: number;
}

/** The offset by the shortest of some round trips: the host read its clock between question and answer. */
export function offsetBy(trips: readonly RoundTrip[]): Offset {
  const [shortest] = trips.toSorted((a, b) => a.after - a.before - (b.after - b.before));
  const { before, at, after } = shortest!;
  return { nanoseconds: at - (before + after) / 2, bound: (after - before) / 2 };
}

/** The clocks of all hosts of a link; a host that is lost has none. */
export async function measureOffsets(link: Link): Promise<Map<string, Offset>> {
  const all = new Map<string, RoundTrip[]>(link.names.map((name) => [name, []]));
  for (let i = 0; i < ROUND_TRIPS; i++) {
    for (const [name, trip] of await link.roundTrip()) all.get(name)!.push(trip);
  }
  const answered = [...all].filter(([, trips]) => trips.length > 0);
  return new Map(answered.map(([name, trips]) => [name, offsetBy(trips)]));
}
