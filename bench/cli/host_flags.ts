/**
 * The flags that name other machines.
 *
 * @module
 */
import { engines } from "../agents/engines.ts";
import { DEFAULT_VIA } from "../agents/places.ts";
import type { Flags } from "./flags.ts";

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
