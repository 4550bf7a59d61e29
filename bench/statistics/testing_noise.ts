/**
 * Noise of several shapes, the same every time, for the tests of the statistics.
 *
 * @module
 */
import { isLong } from "../../servers/testing/long.ts";

/** A draw of normal noise with standard deviation 1, by Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** So many draws. */
export function draws<T>(n: number, draw: () => T): T[] {
  return Array.from({ length: n }, draw);
}

/** A shape of noise: a draw, and the median of the distribution. */
interface Shape {
  readonly draw: (random: () => number) => number;
  readonly middle: number;
}

/** The shapes of noise with which each gate tries what holds of any: the usual, and the worst. */
const usualAndWorst: Readonly<Record<string, Shape>> = {
  "normal": { draw: normal, middle: 0 },
  "heavy-tailed (Cauchy)": { draw: (random) => Math.tan(Math.PI * (random() - 0.5)), middle: 0 },
};

/** Those of the long tests. */
const others: Readonly<Record<string, Shape>> = {
  "log-normal": { draw: (random) => Math.exp(normal(random)), middle: 1 },
  "exponential": { draw: (random) => -Math.log(1 - random()), middle: Math.LN2 },
  "uniform": { draw: (random) => random(), middle: 0.5 },
  "contaminated": { draw: (random) => normal(random) * (random() < 0.1 ? 10 : 1), middle: 0 },
  "with two humps": {
    draw: (random) => normal(random) * 0.3 + (random() < 0.5 ? -1 : 1),
    middle: 0,
  },
};

/** Shapes of noise, by name. */
export const shapes: Readonly<Record<string, Shape>> = {
  ...usualAndWorst,
  ...(isLong ? others : {}),
};
