/**
 * Which of the tests run: those of the gate, or the long ones of `deno task test:long`, too.
 *
 * @module
 */
import type { Design } from "../design.ts";

/** Whether the long versions of tests are to run: more rounds, clients and combinations. */
export const isLong = Deno.env.get("HERD_TEST_LONG") === "1";

/** Designs that differ from a neighbour by one part, which has a test of its own: for the long tests. */
const LIKE_OTHERS = [
  "prethread-reuseport",
  "prespawn-prethread",
  "prefork-select",
  "prefork-poll",
  "prefork-epoll-exclusive",
  "prefork-io-uring",
  "event-poll",
  "event-per-core",
  "deno-listen",
  "deno-serve",
];

/** Whether the tests of each design run for this one. */
export function isTested({ id }: Design): boolean {
  return isLong || !LIKE_OTHERS.includes(id);
}
