/**
 * One process that serves many clients at once by io_uring(7): it writes down what it wants of the kernel, and one
 * call submits all of that and waits for results (Axboe, Efficient IO with io_uring, 2019).
 *
 * One accept stays and has a result for each client. The kernel takes a buffer for input only when some has arrived.
 * A reply is linked to what follows it: to receive the next request, or to close. So most clients that are there
 * together share a system call, where a blocking server makes five for each. It never waits for a single client.
 *
 * @module
 */
import type { ParentContext } from "../design.ts";
import { Errno, isShortage, RETRY_MS, SystemError } from "../posix/errors.ts";
import { Operation, type Output, outputOf, Ring } from "../posix/io_uring.ts";
import { endReplies, shutDown } from "../posix/sockets.ts";
import { letters } from "../service/bytes.ts";
import type { Session, Sessions } from "../sessions.ts";

/** Serves all clients. */
export function parent({ listener, sessions }: ParentContext): never {
  serveAll(listener, sessions);
}

/**
 * Serves all clients of a listening socket by a ring, forever. `isReplacement`: another process that did so has died.
 *
 * @throws {SystemError} if it does not listen any more.
 */
export function serveAll(listener: number, sessions: Sessions, isReplacement = false): never {
  using ring = new Ring({ operations: 512, buffers: 64, bufferBytes: INPUT_BYTES });
  if (isReplacement) acceptAnew(ring, listener);
  return new RingServer(ring, listener, sessions).run();
}

/**
 * Has the accept of a socket begin anew ten times, after 10 ms, 20 ms, and so on to 5 s.
 *
 * The kernel takes down the ring of a dead process only after the process itself, some milliseconds later. Until then
 * its accept takes the wake-ups of clients: they are in the queue, and nobody is told. A new accept looks there first.
 */
function acceptAnew(ring: Ring, listener: number): void {
  for (let times = 0; times < 10; times++) {
    ring.pause(1e6 * RETRY_MS * 2 ** times);
    ring.cancel(listener);
  }
}

const INPUT_BYTES = 4096;
/** Bytes of a reply that may change before the kernel sends them are copied: so many at once. */
const COPY_BYTES = 8192;
/** Clients for whom there is a place from the start. Others get one that stays, too. */
const FIRST_CLIENTS = 64;

/** All replies of the book's service are the start of this, and so are bodies of HTTP. */
const constant = outputOf(letters.bytes);

/** A place for clients with the same descriptor, one after another. */
class Client {
  isOpen = false;
  /** Reply bytes due. No more input is read until they have been sent. */
  due = 0;
  /** Bytes that are being sent. */
  sending = 0;
  /** Whether there may be input that was not read. */
  mayHaveMore = false;
  /** Nanoseconds that it waits for its reply. */
  pause = 0;
  /** When its time is up. */
  deadline = Infinity;
  copy: Output | undefined = undefined;

  constructor(readonly descriptor: number, readonly session: Session) {}

  begin(): void {
    this.isOpen = true;
    this.due = this.sending = this.pause = 0;
    this.session.restart();
  }

  /** Takes what to send next: so many bytes, which stay as they are. */
  take(): Output {
    const { session } = this;
    const { outgoing } = session;
    const isConstant = outgoing.buffer === constant.bytes.buffer;
    const most = isConstant ? constant.bytes.length : COPY_BYTES;
    const count = this.sending = Math.min(this.due, outgoing.length, most);
    this.due -= count;
    let output = constant;
    if (!isConstant) {
      output = this.copy ??= outputOf(new Uint8Array(COPY_BYTES));
      output.bytes.set(outgoing.subarray(0, count));
    }
    session.sent(count);
    return output;
  }
}

class RingServer {
  /** By descriptor. */
  readonly #clients: Client[] = [];
  #open = 0;
  /** Why there will be no more clients. */
  #end: SystemError | undefined;
  /** Whether it does not accept, for lack of descriptors or memory. */
  #isShort = false;
  #isTicking = false;

  constructor(readonly ring: Ring, readonly listener: number, readonly sessions: Sessions) {
    this.#makeRoom(FIRST_CLIENTS);
  }

  run(): never {
    this.ring.accept(this.listener);
    while (this.#open > 0 || this.#end === undefined) {
      this.ring.wait();
      while (this.ring.next()) this.#take();
      if (this.#open === 0 && this.sessions.endsIdle) this.#refuse(Errno.EINVAL);
    }
    throw this.#end;
  }

  /** Goes on with what has a result. */
  #take(): void {
    const { operation, descriptor, result } = this.ring;
    if (operation === Operation.accept) this.#accepted(result);
    else if (operation === Operation.timeout) this.#tick();
    else if (operation !== Operation.cancel) {
      const client = this.#clients[descriptor]!;
      if (operation === Operation.receive) this.#received(client, result);
      else if (operation === Operation.send) this.#sent(client, result);
      else this.#forget(client);
    }
  }

  #accepted(result: number): void {
    if (result >= 0) this.#begin(result);
    else if (!PASSING.has(-result)) this.#refuse(-result);
    // It has ended: after an error, or where there was no room for its result.
    const hasEnded = !this.ring.isMore && this.#end === undefined && !this.#isShort;
    if (hasEnded) this.ring.accept(this.listener);
  }

  #begin(connection: number): void {
    this.#makeRoom(connection + 1);
    const client = this.#clients[connection]!;
    this.sessions.counter.open();
    this.#open++;
    client.begin();
    if (this.sessions.limitMs > 0) this.#restartTime(client);
    // Its first request has usually arrived by now.
    this.ring.receive(connection);
  }

  #makeRoom(count: number): void {
    const clients = this.#clients;
    while (clients.length < count) clients.push(new Client(clients.length, this.sessions.start()));
  }

  /** Accept failed: it is tried again a little later, while all others are served, or never. */
  #refuse(errno: number): void {
    const error = new SystemError("accept", "accept a connection", errno);
    this.#isShort = isShortage(error);
    if (this.#isShort) this.#tickLater();
    else this.#end = error;
  }

  #received(client: Client, result: number): void {
    const { descriptor, session } = client;
    if (result === -Errno.ENOBUFS) return this.ring.receive(descriptor);
    if (result <= 0) return this.#close(client); // it has closed or disconnected
    client.mayHaveMore = result === INPUT_BYTES;
    const before = session.requests;
    client.due = session.receive(this.ring.input, result);
    this.#spend(client, session.requests - before);
    if (client.due > 0 && this.sessions.limitMs > 0) this.#restartTime(client);
    this.#reply(client);
  }

  /** Works for requests of a client; the kernel waits for them before it sends. */
  #spend(client: Client, requests: number): void {
    const { times } = this.sessions;
    if (times === undefined || requests === 0) return;
    times.work(requests);
    client.pause = times.waitFor(requests);
  }

  /** Sends what is due, with what follows it; receives if nothing is. */
  #reply(client: Client): void {
    const { descriptor, session } = client;
    if (client.due === 0) {
      if (session.isOver) this.#finish(client);
      else this.ring.receive(descriptor, true);
      return;
    }
    const output = client.take();
    const count = client.sending;
    if (client.pause > 0) this.ring.pause(client.pause);
    client.pause = 0;
    const isAlone = client.due > 0 || session.rejected || this.sessions.limitMs > 0;
    if (isAlone || session.isOver && client.mayHaveMore) {
      this.ring.send(descriptor, output, count);
    } else if (session.isOver) this.ring.sendAndClose(descriptor, output, count);
    else this.ring.sendAndReceive(descriptor, output, count);
  }

  #sent(client: Client, result: number): void {
    // It has disconnected. What was linked to this does not happen.
    if (result !== client.sending) return this.#close(client);
    if (client.due === 0 && this.sessions.limitMs > 0) this.#restartTime(client);
    this.#reply(client);
  }

  /** Closes a connection whose client may still be sending. */
  #finish(client: Client): void {
    try {
      endReplies(client.descriptor);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error; // it has disconnected
    }
    this.#close(client);
  }

  #close(client: Client): void {
    this.#forget(client);
    // It is submitted before the next accept can have the same descriptor as a result.
    this.ring.close(client.descriptor);
  }

  #forget(client: Client): void {
    const { session, deadline } = client;
    client.isOpen = false;
    this.#open--;
    this.sessions.counter.close(session.rejected || deadline === LATE, session.requests);
  }

  /** The time of a client begins anew, with each request and each reply. Without a limit nobody asks for the time. */
  #restartTime(client: Client): void {
    client.deadline = performance.now() + this.sessions.limitMs + client.pause / 1e6;
    this.#tickLater();
  }

  #tickLater(): void {
    if (!this.#isTicking) this.ring.timeout(RETRY_MS);
    this.#isTicking = true;
  }

  /** Tries to accept again, and ends clients whose time is up. */
  #tick(): void {
    this.#isTicking = false;
    if (this.#isShort) this.ring.accept(this.listener);
    this.#isShort = false;
    if (this.sessions.limitMs === 0 || this.#open === 0) return;
    const now = performance.now();
    for (const client of this.#clients) {
      if (!client.isOpen || client.deadline > now || client.deadline === LATE) continue;
      client.deadline = LATE;
      // What it waits for has a result then.
      shutDown(client.descriptor);
    }
    this.#tickLater();
  }
}

/** In place of the deadline of a client whose time was up. */
const LATE = -1;

/** Accept is not at fault: the client has gone, a signal has come, or the kernel has cancelled it. */
const PASSING = new Set<number>([Errno.ECONNABORTED, Errno.EINTR, Errno.ECANCELED]);
