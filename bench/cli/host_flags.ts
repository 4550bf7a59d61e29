/**
 * The flags that name other machines.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import { engines, type Hosts, hostsOf, viaOf } from "../agents/engines.ts";
import type { Plan } from "../record/record.ts";
import type { Flags, Values } from "./flags.ts";

const [DEFAULT_VIA] = Object.keys(engines) as [string];

export const hostFlags = {
  hosts: {
    kind: "string",
    value: "A,B,C[1-8]",
    help: "Run the clients on these machines, which need Deno and nothing of Herd",
  },
  via: {
    kind: "string",
    value: Object.keys(engines).join("|"),
    help:
      `Reach them with this program, which may have options: "ssh -p 2222" (default ${DEFAULT_VIA})`,
  },
} as const satisfies Flags;

/** The same for commands that start the server as well. */
export const placeFlags = {
  ...hostFlags,
  "server-host": {
    kind: "string",
    value: "HOST",
    help: "Run the servers on this machine, which needs Deno and nothing of Herd",
  },
  address: {
    kind: "string",
    value: "ADDRESS",
    help: "Listen at ADDRESS, where the clients reach the server's machine (default: HOST)",
  },
} as const satisfies Flags;

/** Parses `--via`. @throws {UsageError} for an unknown engine. */
function viaFlagOf(via: string = DEFAULT_VIA): string {
  viaOf(via);
  return via;
}

/** The hosts of `--hosts` and `--via`; null without them. @throws {UsageError} for what are none. */
export function hostsFlagOf({ hosts, via }: Values<typeof hostFlags>): Hosts | null {
  if (hosts !== undefined) return { names: hostsOf(hosts), via: viaFlagOf(via) };
  if (via === undefined) return null;
  throw new UsageError("Cannot use --via without hosts: write --hosts A,B, or leave out --via");
}

/** Where clients and server run; null: all here. @throws {UsageError} for flags that do not fit each other. */
export function placesOf(
  { hosts, via, address, "server-host": server, local, netns }:
    & Values<typeof placeFlags>
    & { readonly local: boolean; readonly netns: boolean },
): Plan["hosts"] {
  if (hosts === undefined && server === undefined) {
    const useless = via !== undefined ? "via" : address !== undefined ? "address" : undefined;
    if (useless === undefined) return null;
    throw new UsageError(
      `Cannot use --${useless} without hosts: write --hosts A,B, or leave out --${useless}`,
    );
  }
  if (local || netns) {
    const flag = local ? "--local" : "--netns";
    throw new UsageError(`Cannot reach other hosts with ${flag}: leave out ${flag}, or the hosts`);
  }
  const [only, ...more] = server === undefined ? [] : hostsOf(server);
  if (more.length > 0) throw new UsageError("Cannot run a server on several hosts: write one");
  const at = address ?? only?.replace(/^.*@/, "");
  if (at === undefined) {
    throw new UsageError(
      "Missing address: write --address with one of this machine that the hosts reach",
    );
  }
  const clients = hosts === undefined ? [] : hostsOf(hosts);
  return { via: viaFlagOf(via), clients, server: only ?? null, address: at };
}
