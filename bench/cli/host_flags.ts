/**
 * The flags that name other machines.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import { engines, type Hosts, hostsOf, viaOf } from "../agents/engines.ts";
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

/** The hosts of `--hosts` and `--via`; null without them. @throws {UsageError} for what are none. */
export function hostsFlagOf({ hosts, via }: Values<typeof hostFlags>): Hosts | null {
  if (hosts === undefined) {
    if (via === undefined) return null;
    throw new UsageError("Cannot use --via without hosts: write --hosts A,B, or leave out --via");
  }
  viaOf(via ?? DEFAULT_VIA);
  return { names: hostsOf(hosts), via: via ?? DEFAULT_VIA };
}
