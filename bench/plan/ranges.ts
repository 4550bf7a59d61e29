/**
 * The range of each number in the options of runs, servers and loads.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";

const MIB = 1024 * 1024;

/** Options that need not be whole. */
const FRACTIONAL: ReadonlySet<string> = new Set(["work", "wait"]);

/** Lowest and highest value of each option. */
export const RANGES = {
  rounds: [1, 1000],
  clients: [1, 100_000],
  connections: [1, 1_000_000],
  duration: [1, 3600],
  requests: [1, 1_000_000],
  bytes: [1, 16 * MIB],
  children: [1, 1000],
  think: [0, 60_000],
  rate: [0, 1_000_000],
  work: [0, 10_000_000],
  wait: [0, 60_000],
  seed: [0, 2 ** 32 - 1],
  port: [0, 65_535],
} as const satisfies Record<string, readonly [min: number, max: number]>;

/** @throws {UsageError} for a number out of its range, or one that must be whole and is not. */
export function requireInRange(
  options: { readonly [Option in keyof typeof RANGES]?: number | undefined },
): void {
  for (const [option, value] of Object.entries(options)) {
    const [min, max] = RANGES[option as keyof typeof RANGES];
    if (value === undefined) continue;
    const isFractional = FRACTIONAL.has(option);
    const isOfKind = isFractional ? Number.isFinite(value) : Number.isInteger(value);
    if (isOfKind && value >= min && value <= max) continue;
    throw new UsageError(
      `Cannot use ${value} as ${option}: it must be ${
        isFractional ? "a number" : "a whole number"
      } from ${min} to ${max}`,
      { option },
    );
  }
}
