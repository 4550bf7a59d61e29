/**
 * On which machines clients and server run, as options of a function or of a command.
 *
 * @module
 */
import type { TransportName } from "../../servers/design.ts";
import { UsageError } from "../../servers/errors.ts";
import type { Plan } from "../record/record.ts";
import { engines, type Hosts, hostsOf, viaOf } from "./engines.ts";

/** Where the clients run. */
export interface HostsOptions {
  /**
   * Machines that run the clients in place of this one, such as `a,b,c[1-8]`. They need Deno, and nothing of Herd:
   * docs/hosts.md.
   */
  readonly hosts?: string | undefined;
  /** The program that reaches them, ssh (default), clush or srun, and options for it: `ssh -p 2222`. */
  readonly via?: string | undefined;
}

/** Where clients and server run. */
export interface PlacesOptions extends HostsOptions {
  /** The machine that runs the servers in place of this one; likewise. */
  readonly serverHost?: string | undefined;
  /** Where the servers listen: an address of their machine that the clients reach (default: `serverHost`). */
  readonly address?: string | undefined;
}

/** The default of `via`. */
export const [DEFAULT_VIA] = Object.keys(engines) as [string];

/** The hosts of clients; null: none. @throws {UsageError} for what are none, or cannot use a transport. */
export function hostsIn({ hosts, via }: HostsOptions, transport: TransportName): Hosts | null {
  if (hosts !== undefined && transport !== "tcp") {
    throw new UsageError("Cannot reach a path from other hosts", { option: "path" });
  }
  if (hosts !== undefined) return { names: hostsOf(hosts), via: requireVia(via) };
  if (via === undefined) return null;
  throw new UsageError("Cannot use via without hosts", { option: "hosts" });
}

/** Where clients and server run; null: all here. @throws {UsageError} for options that do not fit each other. */
export function placesIn({ hosts, via, address, serverHost }: PlacesOptions): Plan["hosts"] {
  if (hosts === undefined && serverHost === undefined) {
    if (via === undefined && address === undefined) return null;
    const useless = via !== undefined ? "via" : "address";
    throw new UsageError(`Cannot use ${useless} without hosts`, { option: "hosts" });
  }
  const option = "serverHost";
  const [only, ...more] = serverHost === undefined ? [] : hostsOf(serverHost, option);
  if (more.length > 0) throw new UsageError("Cannot run a server on several hosts", { option });
  const at = address ?? only?.replace(/^.*@/, "");
  if (at === undefined) {
    throw new UsageError("Missing address of this machine, at which the hosts reach it", {
      option: "address",
    });
  }
  const clients = hosts === undefined ? [] : hostsOf(hosts);
  return { via: requireVia(via), clients, server: only ?? null, address: at };
}

function requireVia(via = DEFAULT_VIA): string {
  viaOf(via);
  return via;
}
