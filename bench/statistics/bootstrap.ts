/**
 * The bootstrap distribution of a median, computed exactly instead of by resampling.
 *
 * A bootstrap median consists of order statistics of n draws from n values, and the number of draws among
 * the k smallest values is binomial. So the limit of resampling is known exactly (B. Efron,
 * *Bootstrap Methods: Another Look at the Jackknife*, Annals of Statistics 7, 1979, § 3; Maritz and
 * Jarrett, *A Note on Estimating the Variance of the Sample Median*, JASA 73, 1978): there is
 * no simulation error and no seed.
 *
 * @module
 */
import { logChoose, normalBound, normalTwoSided } from "./special.ts";

/** A value of a distribution with its probability. */
type Atom = readonly [value: number, probability: number];

/**
 * Most values, where their number is even, for which the median of a sample is the mean of its two middle draws.
 * Of more, it is the lower one at the lower end and the upper one at the upper end, which is wider by a rank at
 * most: pairs are too many.
 */
const MOST_PAIRED = 200;

/** Standard deviations of a rank beyond which probabilities are negligible. */
const REACH = 8;

/**
 * Percentiles of the bootstrap distribution of the median of ascending values. A share of at most `tail`
 * is below the first, and at most `tail` above the second.
 */
export function bootstrapMedian(ascending: ArrayLike<number>, tail: number): [number, number] {
  const n = ascending.length;
  if (n % 2 === 1 || n > MOST_PAIRED) {
    const order = (n + 1) >> 1;
    // The first k with more than `tail`, by halves: the share grows with k, and to compute it takes n steps.
    let [k, high] = [0, n - 1];
    while (k < high) {
      const middle = (k + high) >> 1;
      if (atMost(middle, order, n) > tail) high = middle;
      else k = middle + 1;
    }
    return [ascending[k]!, ascending[n - 1 - k]!];
  }
  const atoms = medianAtoms(ascending).toSorted(([a], [b]) => a - b);
  return [percentile(atoms, tail), percentile(atoms.toReversed(), tail)];
}

/**
 * The share of a bootstrap distribution to cut off on each side for nominal coverage with only `n` values:
 * Φ(−√(n ÷ (n − 1))·t), where t is Student's quantile for n − 1 degrees of freedom. It corrects for the
 * variance of the draws, which is too small by a factor of (n − 1) ÷ n, and for estimating it from the sample
 * (Hesterberg 2015, § 4.2, "expanded percentile").
 *
 * @param error Probability of missing, both sides together, such as 0.05.
 */
export function expandedTail(n: number, error: number): number {
  return normalTwoSided(Math.sqrt(n / (n - 1)) * studentQuantile(n - 1, error)) / 2;
}

/** Student's two-sided quantile: Abramowitz and Stegun 26.7.5, accurate to 0.003 from 5 degrees. */
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

/** The possible values of the median of an even number of draws. */
function medianAtoms(ascending: ArrayLike<number>): Atom[] {
  const n = ascending.length;
  const half = n >> 1;
  const reach = Math.ceil(REACH * Math.sqrt(n) / 2);
  const [first, last] = [Math.max(0, half - reach), Math.min(n - 1, half + reach)];
  const near = Array.from({ length: last - first + 1 }, (_, index) => first + index);
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
    const term = Math.exp(log);
    sum += term;
    // Beyond the most probable number terms fall, and such a small one changes nothing.
    if (draws > n * share && term < sum * Number.EPSILON / 4) break;
    log += Math.log((n - draws) / (draws + 1) * share / (1 - share));
  }
  return sum;
}

/** P(both middle draws of an even n are value i): P(the lower is) minus P(only the lower is). */
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
