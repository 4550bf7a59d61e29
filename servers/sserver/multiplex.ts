/**
 * An event loop over a source of connections that may end, until it does or nobody comes for a while.
 *
 * @module
 */
import { type Clients, NOTHING } from "../events/clients.ts";
import type { EventPoller } from "../events/pollers.ts";
import { READABLE } from "../posix/descriptors.ts";

/** Supplies connections. */
export interface ConnectionSource {
  /** Readable if a connection is waiting. */
  readonly descriptor: number;
  /** The next connection; −1: there will be no more; undefined: there is none now, or what came was none. */
  next(): number | undefined;
}

/** Options of `multiplex`. */
export interface MultiplexOptions {
  readonly source: ConnectionSource;
  readonly clients: Clients;
  /** What waits for them and for the source. It watches nothing else. */
  readonly poller: EventPoller;
  /** Seconds without any client after which it returns; 0: never. */
  readonly idleSeconds: number;
}

/** Connections that are taken in one turn, so that those who are served wait no longer. */
const MOST_AT_ONCE = 64;

/**
 * Serves all connections of a source.
 *
 * @returns true after `idleSeconds`; false when the source has ended and the last client is done.
 */
export function multiplex({ source, clients, poller, idleSeconds }: MultiplexOptions): boolean {
  const idleMs = idleSeconds === 0 ? -1 : 1000 * idleSeconds;
  for (let more = true; more || clients.open > 0;) {
    poller.watch(source.descriptor, more && !clients.areFull ? READABLE : NOTHING);
    const count = poller.wait(clients.open === 0 ? idleMs : clients.timeout);
    if (count === 0 && clients.open === 0) return true;
    for (let i = 0; i < count; i++) {
      const descriptor = poller.ready(i);
      if (descriptor === source.descriptor) more = takeAll(source, clients);
      else clients.progress(descriptor);
    }
    clients.resume();
  }
  poller.watch(source.descriptor, NOTHING);
  return false;
}

/** Takes the connections that wait; false if there will be no more. */
function takeAll(source: ConnectionSource, clients: Clients): boolean {
  for (let left = MOST_AT_ONCE; left > 0 && !clients.areFull; left--) {
    const connection = source.next();
    if (connection === -1) return false;
    if (connection === undefined) return true;
    clients.add(connection);
  }
  return true;
}
