/**
 * Advice shared by commands, for errors that name an option.
 *
 * @module
 */
import type { Hints } from "./explain.ts";

/** For commands that read a recorded run. */
export const recordHints = {
  run: "write a folder below the current one, or below /tmp",
} as const satisfies Hints;

/** For commands that measure. */
export const measuringHints = {
  ...recordHints,
  folder: "write another --output, below the current folder or /tmp",
  local: "write --local, which applies to every design",
  netns: "prefix the command with sudo or unshare --map-root-user --net, or omit --netns",
} as const satisfies Hints;
