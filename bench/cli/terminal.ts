/**
 * Width and colour of standard output.
 *
 * @module
 */
import type { TerminalOptions } from "../report/tables/terminal.ts";

/** Width without a terminal. */
const WIDTH = 120;

/** How to print tables to standard output. */
export function terminalOptions(): TerminalOptions {
  const isTerminal = Deno.stdout.isTerminal();
  return {
    color: isTerminal && !Deno.noColor,
    width: isTerminal ? Deno.consoleSize().columns : WIDTH,
  };
}
