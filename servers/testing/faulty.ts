/**
 * Servers with a fault.
 *
 * @module
 */
import { assert } from "@std/assert";
import { requireDesign } from "../designs.ts";
import type { ServerEvent } from "../host/protocol.ts";
import { freePath } from "./client.ts";
import type { Place } from "./faulty_listing.ts";
import { type RunningServer, startServer } from "./server.ts";

/** A server whose processes or threads throw where they are ordered to. */
export interface FaultyServer extends AsyncDisposable {
  readonly server: RunningServer;
  /** Has the next that comes to a place throw, or every one. */
  order(fault: Place | `${Place}!`): void;
}

/** Starts a server with the listing of a design that throws where it is ordered to. */
export async function startFaulty(design: string, children: number): Promise<FaultyServer> {
  const fault = freePath();
  const listing = new URL("./faulty_listing.ts", import.meta.url);
  const search = { listing: requireDesign(design).listing, fault };
  listing.search = String(new URLSearchParams(search));
  const server = await startServer(design, { children, listing });
  return {
    server,
    order: (fault_) => Deno.writeTextFileSync(fault, fault_),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(fault).catch(() => {});
    },
  };
}

/** The next death that a server reports. */
export async function death(
  server: RunningServer,
): Promise<Extract<ServerEvent, { event: "lost" | "crashing" }>> {
  const event = await server.next();
  assert(event?.event === "lost" || event?.event === "crashing");
  return event;
}
