/**
 * The styles that Herd prints, over `node:util`. The environment variable `NO_COLOR` turns them off.
 *
 * @module
 */
import { styleText } from "node:util";

// Whether to style is decided here: asking the stream, too, would need permission to read env.
function style(name: Parameters<typeof styleText>[0], text: string): string {
  return Deno.noColor ? text : styleText(name, text, { validateStream: false });
}

/** Bold. */
export function bold(str: string): string {
  return style("bold", str);
}

/** Dim. */
export function dim(str: string): string {
  return style("dim", str);
}

/** Red. */
export function red(str: string): string {
  return style("red", str);
}
