/**
 * Many clients in one thread by I/O multiplexing (UNP §6.3). The thread polls all of them and does for each
 * what is possible without blocking, so a client with a fragmented request, an unread reply or a reply that is not
 * due yet does not delay the others. The work of a request does.
 *
 * @module
 */
import { READABLE, WRITABLE } from "../posix/descriptors.ts";
import { monotonicNanoseconds } from "../posix/clocks.ts";
import { SystemError } from "../posix/errors.ts";
import { close } from "../posix/io.ts";
import { endReplies, tryRead, tryWrite } from "../posix/sockets.ts";
import type { RequestTimes } from "../service/request_times.ts";
import type { Session } from "../service/service.ts";
import type { EventPoller } from "./pollers.ts";
import { Timers } from "./timers.ts";

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
  /** What waits for them. It watches nothing else. */
  readonly poller: EventPoller;
  /** How long requests take, besides their replies; undefined: no time. */
  readonly times?: RequestTimes | undefined;
}

interface Client {
  readonly connection: number;
  readonly session: Session;
  /** Reply bytes due. No more input is read until they have been sent. */
  due: number;
  /** Whether they are due later. */
  isWaiting: boolean;
}

/** Watches for no event. */
const NOTHING = 0;

const input = new Uint8Array(4096);

/**
 * Serves all connections of a source.
 *
 * @returns true after `idleSeconds`; false when the source has ended and the last client is done.
 */
export function multiplex(options: MultiplexOptions): boolean {
  return new Multiplexer(options).run();
}

class Multiplexer {
  readonly #options: MultiplexOptions;
  /** By connection. */
  readonly #clients: (Client | undefined)[] = [];
  #open = 0;
  readonly #timers = new Timers();

  constructor(options: MultiplexOptions) {
    this.#options = options;
  }

  run(): boolean {
    const { source, idleSeconds, maxClients, poller } = this.#options;
    const idleMs = idleSeconds === 0 ? -1 : 1000 * idleSeconds;
    for (let more = true; more || this.#open > 0;) {
      poller.watch(source.descriptor, more && this.#open < maxClients ? READABLE : NOTHING);
      const count = poller.wait(this.#open === 0 ? idleMs : this.#timeout());
      if (count === 0 && this.#open === 0) return true;
      let comes = false;
      for (let i = 0; i < count; i++) {
        const descriptor = poller.ready(i);
        if (descriptor === source.descriptor) comes = true;
        else this.#progress(this.#clients[descriptor]!);
      }
      if (this.#timers.next < Infinity) this.#resume(monotonicNanoseconds());
      if (comes) more = this.#addClient();
    }
    poller.watch(source.descriptor, NOTHING);
    return false;
  }

  /** Milliseconds until the next reply is due; −1: none is. */
  #timeout(): number {
    const { next } = this.#timers;
    return next === Infinity ? -1 : Math.max(0, next - monotonicNanoseconds()) / 1e6;
  }

  /** Sends the replies that are due now. */
  #resume(now: number): void {
    for (let connection; (connection = this.#timers.take(now)) !== -1;) {
      const client = this.#clients[connection]!;
      client.isWaiting = false;
      this.#progress(client);
    }
  }

  #addClient(): boolean {
    const { source, observer, startSession } = this.#options;
    const connection = source.next();
    if (connection === undefined) return true;
    if (connection === -1) return false;
    observer.opened(connection);
    const client = { connection, session: startSession(), due: 0, isWaiting: false };
    this.#clients[connection] = client;
    this.#open++;
    // Its first request has usually arrived by now.
    this.#progress(client);
    return true;
  }

  #progress(client: Client): void {
    const { observer, poller } = this.#options;
    const { connection, session } = client;
    if (client.isWaiting) {
      // It sends more, or has gone: that is looked at when its reply is due.
      poller.watch(connection, NOTHING);
    } else if (this.#readAndWrite(client)) {
      poller.watch(connection, client.due > 0 && !client.isWaiting ? WRITABLE : READABLE);
    } else {
      poller.watch(connection, NOTHING);
      close(connection);
      observer.closed(connection, session);
      this.#clients[connection] = undefined;
      this.#open--;
    }
  }

  /** Reads and writes what is possible without blocking; false if the client is done. */
  #readAndWrite(client: Client): boolean {
    const { connection, session } = client;
    try {
      if (client.due === 0) {
        const length = tryRead(connection, input);
        if (length <= 0) return length === -1;
        this.#options.observer.received(connection, input, length);
        const before = session.requests;
        client.due = session.receive(input, length);
        if (this.#take(client, session.requests - before)) return true;
      }
      if (client.due > 0) send(client);
      if (client.due > 0 || !session.isOver) return true;
      endReplies(connection);
      return false;
    } catch (error) {
      // It has disconnected, or what was passed as a connection is none.
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  /** Works for the requests of a client; returns whether their replies are due later. */
  #take(client: Client, requests: number): boolean {
    const { times } = this.#options;
    if (times === undefined || requests === 0) return false;
    times.work(requests);
    const nanoseconds = times.waitFor(requests);
    if (nanoseconds === 0) return false;
    this.#timers.add(monotonicNanoseconds() + nanoseconds, client.connection);
    return client.isWaiting = true;
  }
}

/** One write per turn, so that a long reply does not delay the others. */
function send(client: Client): void {
  const { connection, session } = client;
  const { outgoing } = session;
  const count = tryWrite(connection, outgoing, Math.min(client.due, outgoing.length));
  client.due -= count;
  session.sent(count);
}
