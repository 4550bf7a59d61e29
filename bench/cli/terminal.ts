/**
 * What standard output can show.
 *
 * @module
 */
import type { TerminalOptions } from "../report/tables/table.ts";

/** Width where there is no terminal to ask. */
const WIDTH = 120;

/** Colour and width of standard output. */
export function terminalOptions(): TerminalOptions {
  const isTerminal = Deno.stdout.isTerminal();
  return {
    color: isTerminal && !Deno.noColor,
    width: isTerminal ? Deno.consoleSize().columns : WIDTH,
  };
}
