/**
 * When the requests of an open loop are due: at a rate, whatever the server answers.
 *
 * @module
 */

import { mulberry32 } from "../servers/random.ts";

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
