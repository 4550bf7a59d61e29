/**
 * Advice shared by commands, for errors that name an option.
 *
 * @module
 */
import type { Hints } from "./explain.ts";

/** For commands that serve or ask. */
export const serviceHints = {
  service: "leave out --service",
  http: "write --service http",
  requests: "leave out --requests",
  rate: "leave out --rate",
  think: "leave out --think, or --rate",
} as const satisfies Hints;

/** For commands whose clients can run on other machines. */
export const hostsHints = {
  hosts: "write --hosts with names such as a,b,c[1-8]",
  serverHost: "write --server-host with one name",
} as const satisfies Hints;

/** For options of some designs. */
export const variantHints = {
  steer: "write one of them, or leave out --steer",
  policy: "write one of them, or leave out --policy",
} as const satisfies Hints;

/** For commands that measure. */
export const measuringHints = {
  ...serviceHints,
  ...variantHints,
  ...hostsHints,
  work: "leave out --work",
  wait: "leave out --wait",
  address: "write --address",
  folder: "write another --output",
  resume: "wait until it has ended",
  local: "write --local, which applies to every design",
  ipv6: "leave out --ipv6",
  netns: "prefix the command with sudo or unshare --map-root-user --net, or omit --netns",
} as const satisfies Hints;
