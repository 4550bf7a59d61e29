/**
 * What a run will do: every trial, in order.
 *
 * @module
 */
import { designs } from "../servers/designs.ts";
import type { Load, Plan } from "./record.ts";

/** The design from whose CPU time the others' differences are taken. */
export const BASELINE = "iterative";

/** What the user asked for. */
export type PlanOptions = Omit<Plan, "trials">;

/**
 * Plans a run: each round has every design once, in a random order that follows from the seed; a slow
 * design joins only the first rounds. The baseline is always among them.
 */
export function makePlan(options: PlanOptions): Plan {
  const ids = designs.map(({ id }) => id)
    .filter((id) => id === BASELINE || options.designs.includes(id));
  const random = mulberry32(options.seed);
  const trials = Array.from({ length: options.rounds }, (_, index) => {
    const round = index + 1;
    const joining = ids.filter((id) => round <= (mostRounds(id) ?? options.rounds));
    return shuffle(joining, random)
      .map((design, position) => ({ round, position, design, load: loadOf(design, options) }));
  });
  return { ...options, designs: ids, trials: trials.flat() };
}

function mostRounds(id: string): number | undefined {
  return designs.find((design) => design.id === id)?.mostRounds;
}

/** The baseline serves as many connections, but from one client, as in the book. */
function loadOf(design: string, { clients, connections, bytes }: PlanOptions): Load {
  return design === BASELINE
    ? { clients: 1, connections: clients * connections, bytes }
    : { clients, connections, bytes };
}

/** Fisher and Yates' shuffle. */
function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}

/** Tommy Ettinger's mulberry32: numbers in [0, 1) that follow from a 32-bit seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}
