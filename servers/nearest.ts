/**
 * Things by their name, and the name that was meant by a mistyped one.
 *
 * @module
 */
import { UsageError } from "./errors.ts";

/** What has that name. @throws {UsageError} that says which one was meant, or else all there are. */
export function requireNamed<T>(
  kind: string,
  name: string,
  named: ReadonlyMap<string, T>,
  option = kind,
): T {
  const found = named.get(name);
  if (found !== undefined) return found;
  const meant = nearest(name, named.keys());
  const advice = meant ? `did you mean ${meant}?` : `write one of ${[...named.keys()].join(", ")}`;
  throw new UsageError(`Unknown ${kind} "${name}": ${advice}`, { option });
}

/** The names that a pattern is of, in which a star stands for any letters. */
export function namesLike(pattern: string, names: Iterable<string>): string[] {
  const parts = pattern.split("*").map((part) => RegExp.escape(part));
  const expression = new RegExp(`^${parts.join(".*")}$`);
  return [...names].filter((name) => expression.test(name));
}

/** Letters that a name of this length may differ in: one, and one more for every four. */
const mistakesIn = (name: string) => 1 + Math.floor(name.length / 4);

/** The choice most like a mistyped name; undefined if none is like it. */
export function nearest(name: string, choices: Iterable<string>): string | undefined {
  const [best] = [...choices]
    .map((choice) => ({ choice, mistakes: editDistance(name, choice) }))
    .filter(({ mistakes }) => mistakes <= mistakesIn(name))
    .toSorted((a, b) => a.mistakes - b.mistakes);
  return best?.choice;
}

/**
 * How many letters have to be inserted, left out, replaced or swapped with the next one (the optimal string
 * alignment distance).
 */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(replaced, swapped, row[j]! + 1, next[j - 1]! + 1));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
