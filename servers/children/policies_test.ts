import { assertEquals } from "@std/assert";
import type { Member, Policy } from "../design.ts";
import { policies } from "./policies.ts";

/** Whom a policy chooses, in turn; those chosen stay busy for as many turns, and there is always one free. */
function chosenBy(policy: Policy, counts: readonly number[], turns: readonly number[]): number[] {
  const pool = counts.map((count, index): Member => ({
    index,
    pid: 1,
    processor: -1,
    socket: -1,
    busy: false,
    count,
  }));
  const free = pool.map(() => 0);
  const choose = policies[policy]();
  return turns.map((busy, turn) => {
    for (const member of pool) member.busy = free[member.index]! > turn;
    const member = choose(pool);
    member.count++;
    free[member.index] = turn + 1 + busy;
    return member.index;
  });
}

Deno.test("lowest-free chooses the first child that is free", () => {
  assertEquals(chosenBy("lowest-free", [9, 0, 0], [1, 1, 0, 0]), [0, 1, 0, 0]);
});

Deno.test("round-robin chooses the children in turn, without those that are busy", () => {
  assertEquals(chosenBy("round-robin", [9, 0, 0], [0, 4, 0, 0, 0, 0, 0]), [0, 1, 2, 0, 2, 0, 1]);
});

Deno.test("least-connections chooses the free child that was given the fewest", () => {
  assertEquals(chosenBy("least-connections", [2, 0, 5], [0, 0, 0, 2, 0, 0]), [1, 1, 0, 1, 0, 0]);
});
