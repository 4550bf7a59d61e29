/**
 * Random numbers that follow from a seed.
 *
 * @module
 */

/** Tommy Ettinger's mulberry32: one cycle of all 2³² states. */
export class Mulberry32 {
  /** In memory of its own: a number in a field may be a new object with each change. */
  readonly #state = new Int32Array(1);

  constructor(seed: number) {
    this.begin(seed);
  }

  /** Goes on from a seed, of which the lowest 32 bits count. */
  begin(seed: number): void {
    this.#state[0] = seed;
  }

  /** The next whole number of 32 bits, without sign. */
  next(): number {
    const state = this.#state[0]! + 0x6d2b79f5 | 0;
    this.#state[0] = state;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return (t ^ t >>> 14) >>> 0;
  }

  /** The next number in [0, 1). */
  fraction(): number {
    return this.next() / 2 ** 32;
  }
}

/** Numbers in [0, 1) that follow from a 32-bit seed. */
export function mulberry32(seed: number): () => number {
  const random = new Mulberry32(seed);
  return () => random.fraction();
}
