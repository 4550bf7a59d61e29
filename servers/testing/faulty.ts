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

/** A place, with an exclamation mark if whoever comes there is to throw, and not only the next; or none any more. */
type Fault = Place | `${Place}!` | "nowhere";

/** A server whose processes or threads throw where they are ordered to. */
export interface FaultyServer extends AsyncDisposable {
  readonly server: RunningServer;
  /** Has processes or threads throw. */
  order(fault: Fault): void;
}

/** Starts a server with the listing of a design that throws where it is ordered to, or from its start on. */
export async function startFaulty(
  design: string,
  children: number,
  from?: Fault,
): Promise<FaultyServer> {
  const path = freePath();
  const listing = new URL("./faulty_listing.ts", import.meta.url);
  const search = { listing: requireDesign(design).listing, fault: path };
  listing.search = String(new URLSearchParams(search));
  const order = (fault: Fault) => Deno.writeTextFileSync(path, fault);
  if (from !== undefined) order(from);
  const server = await startServer(design, { children, listing });
  return {
    server,
    order,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Deno.remove(path).catch(() => {});
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
