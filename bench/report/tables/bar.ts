/**
 * Bars drawn with block characters.
 *
 * @module
 */

/** A bar drawn in eighths of a character and padded to `width`; `share` is 0 to 1. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(8 * width * share);
  return ("█".repeat(eighths >> 3) + ["", ..."▏▎▍▌▋▊▉"][eighths & 7]).padEnd(width);
}
