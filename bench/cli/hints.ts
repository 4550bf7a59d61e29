/**
 * What to write instead, where an error names an option of a function and commands have a flag.
 *
 * @module
 */
import type { Hints } from "./explain.ts";

/** Of commands that read a recorded run. */
export const recordHints = {
  run: "write a folder below the current one, or below /tmp",
} as const satisfies Hints;

/** Of commands that measure. */
export const measuringHints = {
  ...recordHints,
  folder: "write another --output, below the current folder or /tmp",
  local: "write --local, which applies to every design",
} as const satisfies Hints;
