/**
 * The bootstrap of a median, computed and not drawn.
 *
 * A bootstrap median is made of order statistics of n draws from n values, and how many draws fall among
 * the k smallest is binomial. So the distribution that resampling would approach is known (B. Efron,
 * *Bootstrap Methods: Another Look at the Jackknife*, Annals of Statistics 7, 1979, § 3; Maritz and
 * Jarrett, *A Note on Estimating the Variance of the Sample Median*, JASA 73, 1978): no error of
 * simulation, no seed.
 *
 * @module
 */
import { logChoose, normalBound, normalTwoSided } from "./special.ts";

/** A value and how much of a distribution is there. */
type Atom = readonly [value: number, probability: number];

/** Beyond so many standard deviations of a rank there is nothing that counts. */
const REACH = 8;

/**
 * The percentiles of the bootstrap distribution of the median of ascending values: `tail` of it lies
 * below the first, and `tail` above the second, at most.
 */
export function bootstrapMedian(ascending: readonly number[], tail: number): [number, number] {
  const atoms = medianAtoms(ascending).toSorted(([a], [b]) => a - b);
  return [percentile(atoms, tail), percentile(atoms.toReversed(), tail)];
}

/**
 * The share of a bootstrap distribution to leave out on each side so that the interval has its nominal
 * coverage for `n` values and not only for many: Φ(−√(n ÷ (n − 1))·t), t being Student's quantile for
 * n − 1 degrees of freedom. It mends that draws from the sample vary too little, by n − 1 to n, and that
 * their spread is itself an estimate (Hesterberg 2015, § 4.2, "expanded percentile").
 *
 * @param error What the interval may miss on both sides together, such as 0.05.
 */
export function expandedTail(n: number, error: number): number {
  return normalTwoSided(Math.sqrt(n / (n - 1)) * studentQuantile(n - 1, error)) / 2;
}

/** Student's quantile, two-sided: Abramowitz and Stegun 26.7.5, good to 0.003 from 5 degrees on. */
function studentQuantile(degrees: number, error: number): number {
  const z = normalBound(error);
  return z + (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3);
}

function percentile(atoms: readonly Atom[], tail: number): number {
  let below = 0;
  for (const [value, probability] of atoms) {
    below += probability;
    if (below > tail) return value;
  }
  return atoms.at(-1)![0];
}

/** Every value that the median of n draws can have. */
function medianAtoms(ascending: readonly number[]): Atom[] {
  const n = ascending.length;
  const half = n >> 1;
  const reach = Math.ceil(REACH * Math.sqrt(n) / 2);
  const [first, last] = [Math.max(0, half - reach), Math.min(n - 1, half + reach)];
  const near = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  if (n % 2 === 1) {
    return near.map((k) => [ascending[k]!, atMost(k, half + 1, n) - atMost(k - 1, half + 1, n)]);
  }
  return near.flatMap((i) =>
    near.filter((j) => j >= i).map((j): Atom => [
      (ascending[i]! + ascending[j]!) / 2,
      i === j ? bothAt(i, n) : pairAt(i, j, n),
    ])
  );
}

/** P(the `order`-th smallest of n draws is among the values 0…k): at least `order` draws are. */
function atMost(k: number, order: number, n: number): number {
  const share = (k + 1) / n;
  if (share <= 0) return 0;
  if (share >= 1) return 1;
  let log = logChoose(n, order) + order * Math.log(share) + (n - order) * Math.log(1 - share);
  let sum = 0;
  for (let draws = order; draws <= n; draws++) {
    sum += Math.exp(log);
    log += Math.log((n - draws) / (draws + 1) * share / (1 - share));
  }
  return sum;
}

/** P(both middle draws of an even n are value i): the lower one is, less those where it alone is. */
function bothAt(i: number, n: number): number {
  const half = n / 2;
  const lower = atMost(i, half, n) - atMost(i - 1, half, n);
  return Math.max(0, lower - splitAt(i, i + 1, n) + splitAt(i - 1, i + 1, n));
}

/** P(the lower middle draw is value i and the upper one is value j), for i < j, by inclusion. */
function pairAt(i: number, j: number, n: number): number {
  return splitAt(i, j, n) - splitAt(i - 1, j, n) - splitAt(i, j + 1, n) + splitAt(i - 1, j + 1, n);
}

/** P(half of n draws are among the values 0…i, and the other half among j…n − 1), for i < j. */
function splitAt(i: number, j: number, n: number): number {
  if (i < 0 || j >= n) return 0;
  return Math.exp(logChoose(n, n / 2) + n / 2 * Math.log((i + 1) / n * ((n - j) / n)));
}
