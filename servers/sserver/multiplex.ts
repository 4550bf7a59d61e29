/**
 * Many clients at once in one thread, by I/O multiplexing (UNP §6.3): it waits for all of them together
 * with poll and does for each what can be done without waiting, so that neither a request that comes in
 * pieces nor a reply that is not fetched holds up anyone else.
 *
 * @module
 */
import { Poller, READABLE, WRITABLE } from "../posix/descriptors.ts";
import { close, tryRead, tryWrite } from "../posix/sockets.ts";
import { type Conversation, isDisconnect } from "../service/bytes.ts";

/** Where connections come from. */
export interface Source {
  /** Is readable where there is one to take. */
  readonly descriptor: number;
  /** Takes it; −1: there will be no more. */
  take(): number;
}

/** Who is told what happens to connections. */
export interface Observer {
  opened(connection: number): void;
  /** The first `length` bytes have arrived. */
  received(connection: number, bytes: Uint8Array<ArrayBuffer>, length: number): void;
  /** `refused`: because of what the client has sent. */
  closed(connection: number, refused: boolean): void;
}

/** What a multiplexing server needs. */
export interface MultiplexOptions {
  readonly source: Source;
  readonly observer: Observer;
  /** Begins a conversation with a new client. */
  readonly converse: () => Conversation;
  /** Ends after so long without any client; 0: never. */
  readonly idleSeconds: number;
  /** Clients at the same time; more wait where they come from. */
  readonly maxClients: number;
}

/** A client that is being served. */
interface Client {
  readonly connection: number;
  readonly conversation: Conversation;
  /** Bytes still to be sent. Until then nothing more is read from it. */
  owed: number;
}

/** Place of the source in the poller; client i has the place i + 1. */
const SOURCE = 0;

const arrived = new Uint8Array(4096);

/**
 * Serves all that come from the source.
 *
 * @returns true once it has been idle for so long; false once the last client of the last has gone.
 */
export function multiplex(
  { source, observer, converse, idleSeconds, maxClients }: MultiplexOptions,
): boolean {
  const poller = new Poller([source.descriptor]);
  const clients: Client[] = [];
  const idleMs = idleSeconds === 0 ? -1 : 1000 * idleSeconds;
  for (let more = true; more || clients.length > 0;) {
    poller.set(SOURCE, more && clients.length < maxClients ? source.descriptor : -1);
    if (!poller.wait(clients.length === 0 ? idleMs : -1)) return true;
    // Backwards: the last one takes the place of one that is done.
    for (let i = clients.length - 1; i >= 0; i--) if (poller.isReady(i + 1)) attend(i);
    if (poller.isReady(SOURCE)) more = welcome();
  }
  return false;

  function welcome(): boolean {
    const connection = source.take();
    if (connection === -1) return false;
    observer.opened(connection);
    poller.add(connection);
    clients.push({ connection, conversation: converse(), owed: 0 });
    // Its first request has mostly come by now.
    attend(clients.length - 1);
    return true;
  }

  function attend(i: number): void {
    const client = clients[i]!;
    const { connection, conversation } = client;
    if (proceed(client, observer)) {
      poller.set(i + 1, connection, client.owed > 0 ? WRITABLE : READABLE);
      return;
    }
    close(connection);
    observer.closed(connection, conversation.refused);
    poller.remove(i + 1);
    const last = clients.pop()!;
    if (last !== client) clients[i] = last;
  }
}

/** Does what can be done for a client now; false where that was all. */
function proceed(client: Client, observer: Observer): boolean {
  const { connection, conversation } = client;
  try {
    if (client.owed === 0) {
      const length = tryRead(connection, arrived);
      if (length <= 0) return length === -1;
      observer.received(connection, arrived, length);
      client.owed = conversation.take(arrived, length);
    }
    if (client.owed > 0) {
      const { outgoing } = conversation;
      // One piece at a turn: the others are not to wait for all of a long reply.
      const count = tryWrite(connection, outgoing, Math.min(client.owed, outgoing.length));
      client.owed -= count;
      conversation.sent(count);
    }
    return client.owed > 0 || !conversation.refused;
  } catch (error) {
    if (isDisconnect(error)) return false;
    throw error;
  }
}
