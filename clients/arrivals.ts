/**
 * When the requests of an open loop are due: at a rate, whatever the server answers.
 *
 * @module
 */

/** The ways in which requests arrive. */
export const ARRIVALS = ["poisson", "even"] as const;

/** One of `ARRIVALS`: as from many independent users (a Poisson process), or one like the other. */
export type ArrivalsName = typeof ARRIVALS[number];

/** A schedule. */
export interface Schedule {
  /** Requests a second; Infinity: all at once. */
  readonly rate: number;
  readonly arrivals: ArrivalsName;
  /** Of the random times, an integer below 2³². */
  readonly seed: number;
}

/** Times that follow from a schedule, one after the other. */
export class Arrivals {
  /** Milliseconds from the start at which the next request is due. */
  due = 0;
  readonly #gap: number;
  readonly #random: (() => number) | undefined;
  #count = 0;

  constructor({ rate, arrivals, seed }: Schedule) {
    this.#gap = 1000 / rate;
    this.#random = arrivals === "poisson" ? mulberry32(seed) : undefined;
    if (this.#random) this.next();
  }

  /** Goes on to the next. In a Poisson process the times between arrivals are exponentially distributed. */
  next(): void {
    this.#count++;
    if (this.#random) this.due -= Math.log(1 - this.#random()) * this.#gap;
    else this.due = this.#count * this.#gap;
  }
}

/** Tommy Ettinger's mulberry32: numbers in [0, 1) that follow from a 32-bit seed. */
export function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  };
}
