/**
 * All sums of a value of one list and a value of another, in order, without a list of them: a thousand rounds
 * have half a million. Ranks are found by counting, in linear time each (D. B. Johnson and T. Mizoguchi,
 * *Selecting the Kth Element in X + Y*, SIAM Journal on Computing 7, 1978, for the idea of a staircase).
 *
 * @module
 */

/** The sums of two lists. */
export class PairSums {
  /** Number of sums. */
  readonly count: number;

  readonly #xs: Float64Array;
  readonly #ys: Float64Array;
  readonly #within: boolean;

  /** Sums of a value of each list, or, of a single list, of all its pairs and of each value with itself. */
  constructor(xs: readonly number[], ys?: readonly number[]) {
    this.#xs = Float64Array.from(xs).sort();
    this.#ys = ys ? Float64Array.from(ys).sort() : this.#xs;
    this.#within = ys === undefined;
    this.count = this.#within ? xs.length * (xs.length + 1) / 2 : xs.length * this.#ys.length;
  }

  /** The sum of that rank, from 1. @throws {RangeError} if there is none. */
  at(rank: number): number {
    if (rank < 1 || rank > this.count) throw new RangeError(`Cannot take sum ${rank}`);
    let [low, high] = [this.#xs[0]! + this.#ys[0]!, this.#xs.at(-1)! + this.#ys.at(-1)!];
    if (this.#atMost(low) >= rank) return low;
    // Fewer sums are at most `low`, enough are at most `high`: down to two neighbours among the numbers.
    for (;;) {
      const middle = low + (high - low) / 2;
      if (middle <= low || middle >= high) return high;
      if (this.#atMost(middle) >= rank) high = middle;
      else low = middle;
    }
  }

  /** Number of sums that are at most the limit. */
  #atMost(limit: number): number {
    const [xs, ys] = [this.#xs, this.#ys];
    let count = 0;
    let last = ys.length - 1;
    for (let i = 0; i < xs.length; i++) {
      const first = this.#within ? i : 0;
      while (last >= first && xs[i]! + ys[last]! > limit) last--;
      if (last < first) break;
      count += last + 1 - first;
    }
    return count;
  }

  /** The median of the sums. */
  get median(): number {
    const half = Math.ceil(this.count / 2);
    return this.count % 2 === 1 ? this.at(half) : (this.at(half) + this.at(half + 1)) / 2;
  }
}
