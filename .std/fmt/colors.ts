/**
 * Stands in for `jsr:@std/fmt/colors` where JSR is out of reach: the styles Herd prints, over
 * `node:util` `styleText`. The environment variable `NO_COLOR` turns them off, whatever the code asks for.
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

let enabled = !Deno.noColor;

/** Turns styles on or off. */
export function setColorEnabled(value: boolean): void {
  if (!Deno.noColor) enabled = value;
}

/** Whether styles are on. */
export function getColorEnabled(): boolean {
  return enabled;
}

/** Removes every ANSI escape code. */
export function stripAnsiCode(string: string): string {
  return stripVTControlCharacters(string);
}

// Whether to style is decided here: asking the stream, too, would need permission to read env.
function style(name: Parameters<typeof styleText>[0], str: string): string {
  return enabled ? styleText(name, str, { validateStream: false }) : str;
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

/** Green. */
export function green(str: string): string {
  return style("green", str);
}

/** Yellow. */
export function yellow(str: string): string {
  return style("yellow", str);
}

/** Cyan. */
export function cyan(str: string): string {
  return style("cyan", str);
}

/** Gray: bright black. */
export function gray(str: string): string {
  return style("gray", str);
}
