/**
 * Many clients in one thread by I/O multiplexing (UNP §6.3). The thread polls all of them and does for each
 * what is possible without blocking, so a client with a fragmented request or an unread reply does not
 * delay the others.
 *
 * @module
 */
import { Poller, READABLE, WRITABLE } from "../posix/descriptors.ts";
import { SystemError } from "../posix/errors.ts";
import { close } from "../posix/io.ts";
import { endReplies, tryRead, tryWrite } from "../posix/sockets.ts";
import type { Session } from "../service/service.ts";

/** Supplies connections. */
export interface ConnectionSource {
  /** Readable if a connection is waiting. */
  readonly descriptor: number;
  /** The next connection; −1: there will be no more; undefined: what came was none. */
  next(): number | undefined;
}

/** Receives the events of connections. */
export interface Observer {
  opened(connection: number): void;
  /** The first `length` bytes have arrived. */
  received(connection: number, bytes: Uint8Array<ArrayBuffer>, length: number): void;
  closed(connection: number, session: Session): void;
}

/** Options of `multiplex`. */
export interface MultiplexOptions {
  readonly source: ConnectionSource;
  readonly observer: Observer;
  /** Makes the session of a new client. */
  readonly startSession: () => Session;
  /** Seconds without any client after which it returns; 0: never. */
  readonly idleSeconds: number;
  /** Maximum number of concurrent clients. Others wait at the source. */
  readonly maxClients: number;
}

interface Client {
  readonly connection: number;
  readonly session: Session;
  /** Reply bytes due. No more input is read until they have been sent. */
  due: number;
}

/** Index of the source in the poller. Client i has index i + 1. */
const SOURCE = 0;

const input = new Uint8Array(4096);

/**
 * Serves all connections of a source.
 *
 * @returns true after `idleSeconds`; false when the source has ended and the last client is done.
 */
export function multiplex(
  { source, observer, startSession, idleSeconds, maxClients }: MultiplexOptions,
): boolean {
  const poller = new Poller([source.descriptor]);
  const clients: Client[] = [];
  const idleMs = idleSeconds === 0 ? -1 : 1000 * idleSeconds;
  for (let more = true; more || clients.length > 0;) {
    poller.set(SOURCE, more && clients.length < maxClients ? source.descriptor : -1);
    if (!poller.wait(clients.length === 0 ? idleMs : -1)) return true;
    // Backwards, because the last client takes the index of one that is removed.
    for (let i = clients.length - 1; i >= 0; i--) if (poller.isReady(i + 1)) progress(i);
    if (poller.isReady(SOURCE)) more = addClient();
  }
  return false;

  function addClient(): boolean {
    const connection = source.next();
    if (connection === undefined) return true;
    if (connection === -1) return false;
    observer.opened(connection);
    poller.add(connection);
    clients.push({ connection, session: startSession(), due: 0 });
    // Its first request has usually arrived by now.
    progress(clients.length - 1);
    return true;
  }

  function progress(i: number): void {
    const client = clients[i]!;
    const { connection, session } = client;
    if (readAndWrite(client, observer)) {
      poller.set(i + 1, connection, client.due > 0 ? WRITABLE : READABLE);
      return;
    }
    close(connection);
    observer.closed(connection, session);
    poller.remove(i + 1);
    const last = clients.pop()!;
    if (last !== client) clients[i] = last;
  }
}

/** Reads and writes what is possible without blocking; false if the client is done. */
function readAndWrite(client: Client, observer: Observer): boolean {
  const { connection, session } = client;
  try {
    if (client.due === 0) {
      const length = tryRead(connection, input);
      if (length <= 0) return length === -1;
      observer.received(connection, input, length);
      client.due = session.receive(input, length);
    }
    if (client.due > 0) {
      const { outgoing } = session;
      // One write per turn, so that a long reply does not delay the others.
      const count = tryWrite(connection, outgoing, Math.min(client.due, outgoing.length));
      client.due -= count;
      session.sent(count);
    }
    if (client.due > 0 || !session.isOver) return true;
    endReplies(connection);
    return false;
  } catch (error) {
    // It has disconnected, or what was passed as a connection is none.
    if (error instanceof SystemError) return false;
    throw error;
  }
}
