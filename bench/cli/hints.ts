/**
 * Advice shared by commands, for errors that name an option.
 *
 * @module
 */
import type { Hints } from "./explain.ts";

/** For commands that serve or ask. */
export const serviceHints = {
  service: "leave out --service",
  requests: "leave out --requests",
} as const satisfies Hints;

/** For commands that measure. */
export const measuringHints = {
  ...serviceHints,
  folder: "write another --output",
  local: "write --local, which applies to every design",
  netns: "prefix the command with sudo or unshare --map-root-user --net, or omit --netns",
} as const satisfies Hints;
