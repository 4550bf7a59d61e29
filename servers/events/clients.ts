/**
 * The clients of an event loop: many in one thread, by I/O multiplexing (UNP §6.3). For each is done what is possible
 * without blocking, so a client with a fragmented request, an unread reply or a reply that is not due yet does not
 * delay the others. The work of a request does.
 *
 * @module
 */
import type { Session, Sessions, Times } from "../sessions.ts";
import { monotonicNanoseconds } from "../posix/clocks.ts";
import { READABLE, WRITABLE } from "../posix/descriptors.ts";
import { SystemError } from "../posix/errors.ts";
import { close } from "../posix/io.ts";
import { descriptorLimit } from "../posix/processes.ts";
import { endReplies, tryRead, tryWrite } from "../posix/sockets.ts";
import type { EventPoller } from "./pollers.ts";
import { Timers } from "./timers.ts";

/** Receives the events of connections. */
export interface Observer {
  opened(connection: number): void;
  /** The first `length` bytes have arrived. */
  received(connection: number, bytes: Uint8Array<ArrayBuffer>, length: number): void;
  closed(connection: number): void;
}

/** Watches for no event. */
export const NOTHING = 0;

/** Descriptors that are left to the rest of the process. */
const OWN_DESCRIPTORS = 64;

const input = new Uint8Array(4096);

/** A place for clients with the same descriptor, one after another. */
class Client {
  isOpen = false;
  /** Reply bytes due. No more input is read until they have been sent. */
  due = 0;
  /** Whether they are due later. */
  isWaiting = false;
  /** When its time is up, in nanoseconds since boot. */
  deadline = Infinity;

  constructor(readonly connection: number, readonly session: Session) {}
}

/** The clients of one event loop. Its poller watches their descriptors, and those that the loop adds. */
export class Clients {
  readonly #poller: EventPoller;
  readonly #sessions: Sessions;
  readonly #observer: Observer | undefined;
  readonly #most = Math.max(1, descriptorLimit() - OWN_DESCRIPTORS);
  /** By descriptor. */
  readonly #clients: Client[] = [];
  readonly #timers = new Timers();
  #open = 0;
  /** When it looks next for clients whose time is up. */
  #nextLook = Infinity;

  constructor(poller: EventPoller, sessions: Sessions, observer?: Observer) {
    this.#poller = poller;
    this.#sessions = sessions;
    this.#observer = observer;
  }

  /** How many there are. */
  get open(): number {
    return this.#open;
  }

  /** Whether there are as many as this process may have descriptors. Others wait until one has gone. */
  get areFull(): boolean {
    return this.#open >= this.#most;
  }

  /** Milliseconds that a poller may wait: until the next reply is due, or a client's time is up. −1: for ever. */
  get timeout(): number {
    const next = Math.min(this.#timers.next, this.#nextLook);
    return next === Infinity ? -1 : Math.max(0, next - monotonicNanoseconds()) / 1e6;
  }

  /** Begins to serve a connection. */
  add(connection: number): void {
    while (this.#clients.length <= connection) {
      this.#clients.push(new Client(this.#clients.length, this.#sessions.start()));
    }
    const client = this.#clients[connection]!;
    client.isOpen = true;
    client.isWaiting = false;
    client.due = 0;
    client.session.restart();
    this.#open++;
    this.#sessions.counter.open();
    if (this.#observer !== undefined) this.#observer.opened(connection);
    if (this.#sessions.limitMs > 0) this.#restartTime(client);
    // Its first request has usually arrived by now.
    this.#progress(client);
  }

  /** Goes on with the client of a descriptor that is ready. */
  progress(descriptor: number): void {
    this.#progress(this.#clients[descriptor]!);
  }

  /** Sends the replies that are due by now, and closes the connections of clients whose time is up. */
  resume(): void {
    if (this.#timers.next === Infinity && this.#nextLook === Infinity) return;
    const now = monotonicNanoseconds();
    for (let connection; (connection = this.#timers.take(now)) !== -1;) {
      const client = this.#clients[connection]!;
      client.isWaiting = false;
      this.#progress(client);
    }
    if (this.#nextLook <= now) this.#endLate(now);
  }

  #progress(client: Client): void {
    const { connection } = client;
    if (client.isWaiting) {
      // It sends more, or has gone: that is looked at when its reply is due.
      this.#poller.watch(connection, NOTHING);
    } else if (this.#readAndWrite(client)) {
      this.#poller.watch(connection, client.due > 0 && !client.isWaiting ? WRITABLE : READABLE);
    } else {
      this.#end(client, client.session.rejected);
    }
  }

  #end(client: Client, rejected: boolean): void {
    const { connection, session } = client;
    this.#poller.forget(connection);
    close(connection);
    client.isOpen = false;
    this.#open--;
    this.#sessions.counter.close(rejected, session.requests);
    if (this.#observer !== undefined) this.#observer.closed(connection);
  }

  /** Reads and writes what is possible without blocking; false if the client is done. */
  #readAndWrite(client: Client): boolean {
    const { connection, session } = client;
    try {
      if (client.due === 0) {
        const length = tryRead(connection, input);
        if (length <= 0) return length === -1;
        if (this.#observer !== undefined) this.#observer.received(connection, input, length);
        const { times } = this.#sessions;
        const before = session.requests;
        client.due = session.receive(input, length);
        if (client.due > 0 && this.#sessions.limitMs > 0) this.#restartTime(client);
        if (times !== undefined && this.#spend(client, times, session.requests - before)) {
          return true;
        }
      }
      if (client.due > 0) this.#send(client);
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
  #spend(client: Client, times: Times, requests: number): boolean {
    if (requests === 0) return false;
    times.work(requests);
    const nanoseconds = times.waitFor(requests);
    if (nanoseconds === 0) return false;
    this.#timers.add(monotonicNanoseconds() + nanoseconds, client.connection);
    return client.isWaiting = true;
  }

  /** One write per turn, so that a long reply does not delay the others. */
  #send(client: Client): void {
    const { connection, session } = client;
    const { outgoing } = session;
    const count = tryWrite(connection, outgoing, Math.min(client.due, outgoing.length));
    client.due -= count;
    session.sent(count);
    if (client.due === 0 && this.#sessions.limitMs > 0) this.#restartTime(client);
  }

  /** The time of a client begins anew, with each request and each reply. */
  #restartTime(client: Client): void {
    const limit = 1e6 * this.#sessions.limitMs;
    client.deadline = monotonicNanoseconds() + limit;
    if (this.#nextLook === Infinity) this.#nextLook = client.deadline;
  }

  /** Closes the connections of clients whose time is up. Looking at all costs little: it is done seldom. */
  #endLate(now: number): void {
    this.#nextLook = Infinity;
    for (const client of this.#clients) {
      if (!client.isOpen || client.isWaiting) continue;
      if (client.deadline <= now) this.#end(client, true);
      else this.#nextLook = Math.min(this.#nextLook, client.deadline);
    }
  }
}
