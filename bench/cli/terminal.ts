/**
 * Width and colour of standard output.
 *
 * @module
 */
import type { TerminalOptions } from "../report/tables/terminal.ts";
import { terminalSize } from "./redraw.ts";

/** Width without a terminal. */
const WIDTH = 120;

/** Whether a stream is a terminal with codes for the cursor and for colours. Emacs' shell, say, has none. */
export function hasCodes(stream: typeof Deno.stdout | typeof Deno.stderr): boolean {
  return stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** How to print tables to standard output. */
export function terminalOptions(): TerminalOptions {
  const isTerminal = Deno.stdout.isTerminal();
  return {
    color: hasCodes(Deno.stdout) && !Deno.noColor,
    width: isTerminal ? terminalSize().columns : WIDTH,
  };
}
