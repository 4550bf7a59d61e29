/**
 * Bars made of characters.
 *
 * @module
 */

/** A bar of so many characters at most, in eighths of one, followed by spaces; `share` is 0 to 1. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(8 * width * share);
  return ("█".repeat(eighths >> 3) + ["", ..."▏▎▍▌▋▊▉"][eighths & 7]).padEnd(width);
}
