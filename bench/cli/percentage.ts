/**
 * Percentages on the command line.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";

/**
 * Parses the percentage given to a flag: "5%" or "5" is 0.05.
 *
 * @throws {UsageError} if it is not a percentage.
 */
export function parsePercentage(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const percent = /^(\d+(?:\.\d+)?) ?%?$/.exec(text)?.[1];
  if (percent !== undefined) return Number(percent) / 100;
  throw new UsageError(
    `Cannot read --${flag} as a percentage: current value is "${text}"; write --${flag} 5%`,
  );
}
