/**
 * What the exit codes mean.
 *
 * @module
 */
import { ExitCode } from "../../servers/errors.ts";

/** The name of an exit code. */
export type Exit = keyof typeof ExitCode;

/** The meaning of each exit code. */
export const EXIT_CODES: Readonly<Record<Exit, string>> = {
  ok: "Everything worked.",
  usage: "A mistake on the command line: an unknown name, a value out of range, a port in use.",
  failed: "A trial, the server or a connection failed, or the machine was too noisy for --strict.",
  unsupported: "This machine cannot run it.",
  record: "A record cannot be read or written.",
  bug: "An error in Herd. Please report it; CONTRIBUTING.md says where and how.",
  unsure: "--fail-above cannot tell: too few rounds, or a design is missing from one side.",
  regression: "--fail-above found a regression.",
  timedOut: "Time was up (--max-time). What was measured is recorded.",
  interrupted: "Interrupted (^C). What bench, compare and sweep have measured is recorded.",
};

/** Exit codes of every command. */
const COMMON: readonly Exit[] = ["ok", "usage", "bug"];

/** The exit codes of a command with these of its own, as lines. */
export function exitLines(own: readonly Exit[]): string[] {
  return Object.entries(ExitCode)
    .filter(([name]) => [...COMMON, ...own].includes(name as Exit))
    .map(([name, code]) => `${String(code).padStart(3)}  ${EXIT_CODES[name as Exit]}`);
}
