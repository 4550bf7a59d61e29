/**
 * To which free child a parent passes a connection.
 *
 * @module
 */
import type { Member, Policy } from "../design.ts";

/** Chooses a free child of a pool that has one. */
export type Choose = (pool: readonly Member[]) => Member;

/** The first free one, as in the book: the pool's order decides. */
const lowestFree: Choose = (pool) => pool.find(({ busy }) => !busy)!;

/** The next free one behind the one that was chosen last. */
function roundRobin(): Choose {
  let last = -1;
  return (pool) => {
    do last = last + 1 >= pool.length ? 0 : last + 1; while (pool[last]!.busy);
    return pool[last]!;
  };
}

/** The free one that was given the fewest so far. A free child has none open, so that what is open does not decide. */
const leastConnections: Choose = (pool) => {
  let least: Member | undefined;
  for (const member of pool) {
    if (!member.busy && (least === undefined || member.count < least.count)) least = member;
  }
  return least!;
};

/** The policies by name, each for one parent. */
export const policies: Record<Policy, () => Choose> = {
  "lowest-free": () => lowestFree,
  "round-robin": roundRobin,
  "least-connections": () => leastConnections,
};
