/**
 * Stands in for `jsr:@std/fmt/colors` where JSR is out of reach: the styles Herd prints, over
 * `node:util`. The environment variable `NO_COLOR` turns them off, whatever the code asks for.
 *
 * @example
 * ```ts
 * import { bold, stripAnsiCode } from "@std/fmt/colors";
 *
 * console.log(stripAnsiCode(bold("herd")) === "herd");
 * ```
 *
 * @module
 */
import { stripVTControlCharacters, styleText } from "node:util";

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

/** Removes every ANSI escape code. */
export function stripAnsiCode(string: string): string {
  return stripVTControlCharacters(string);
}
