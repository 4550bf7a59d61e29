/**
 * The transports by name.
 *
 * @module
 */
import type { TransportName } from "../design.ts";
import type { Transport } from "./transport.ts";

/** The transports, loaded on use: forks copy all memory of a client. */
export const transports = {
  tcp: async () => (await import("./stream.ts")).tcp,
  unix: async () => (await import("./stream.ts")).unix,
  door: async () => (await import("./door.ts")).door,
  channel: async () => (await import("./channel.ts")).channel,
} as const satisfies Record<TransportName, () => Promise<Transport>>;

/** The names of all transports. */
export const TRANSPORT_NAMES = Object.keys(transports) as [TransportName, ...TransportName[]];

/** Whether there is a transport of that name. */
export function isTransport(name: string): name is TransportName {
  return Object.hasOwn(transports, name);
}
