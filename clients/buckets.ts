/**
 * Buckets of whole numbers, as HdrHistogram has them: small numbers have one each, and of each power of two above
 * as many are of one width.
 *
 * @module
 */

/** Numbers below `2 ** bits` have a bucket of their own; of each higher power of two, `2 ** (bits - 1)` have one. */
export type Bits = 4 | 9 | 11;

/** The index of the bucket of a number from 0 to 2³¹ - 1; what is behind its point does not count. */
export function bucketOf(value: number, bits: Bits): number {
  const shift = Math.max(0, 32 - bits - Math.clz32(value));
  return (shift << bits - 1) + (value >> shift);
}

/** The highest number in a bucket. */
export function highestIn(index: number, bits: Bits): number {
  if (index < 2 ** bits) return index;
  const shift = (index >> bits - 1) - 1;
  return (index - (shift << bits - 1) + 1) * 2 ** shift - 1;
}
