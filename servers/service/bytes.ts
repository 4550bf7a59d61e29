/**
 * The service of the book (`web_child`, UNP §30.5): a client sends lines with a decimal number and gets
 * that many bytes for each, until it closes the connection.
 *
 * @module
 */
import { Errno, hasErrno, SystemError } from "../posix/errors.ts";
import { close, pinnedBytes, readPinned, writePinned } from "../posix/io.ts";
import { endReplies, secondsOf, setTimeouts, type SocketTimeout } from "../posix/sockets.ts";
import type { RequestTimes } from "./request_times.ts";
import type { Service, Session } from "./service.ts";

/** Maximum number of bytes a request may ask for: 16 MiB. */
export const REQUEST_LIMIT = 16 * 1024 * 1024;

/** A line with more digits is rejected before its end arrives: its number is over the limit. */
const MAX_DIGITS = String(REQUEST_LIMIT).length;

const NEWLINE = 10;
const ZERO = 48;

/** What has arrived, in a process or thread that serves one client after another. */
export const input = pinnedBytes(4096);
/** All bytes of a reply are the same, so every write may start at the beginning of this buffer. */
export const letters = pinnedBytes(65536);
letters.bytes.fill("A".charCodeAt(0));

/**
 * The requests of one client, in fragments of any size. A line that is malformed, zero, over the limit or
 * too long is rejected, with everything after it.
 */
export class BytesSession implements Session {
  #count = 0;
  #digits = 0;
  requests = 0;
  rejected = false;

  restart(): void {
    this.#count = this.#digits = this.requests = 0;
    this.rejected = false;
  }

  receive(input: Uint8Array<ArrayBuffer>, length: number): number {
    let due = 0;
    for (let i = 0; i < length; i++) {
      const byte = input[i]!;
      if (byte >= ZERO && byte <= ZERO + 9 && this.#digits < MAX_DIGITS) {
        this.#count = 10 * this.#count + byte - ZERO;
        this.#digits++;
      } else if (byte === NEWLINE && this.#count > 0 && this.#count <= REQUEST_LIMIT) {
        due += this.#count;
        this.requests++;
        this.#count = this.#digits = 0;
      } else {
        this.rejected = true;
        break;
      }
    }
    return due;
  }

  get isOver(): boolean {
    return this.rejected;
  }

  get outgoing(): Uint8Array<ArrayBuffer> {
    return letters.bytes;
  }

  sent(): void {
    // Nothing to remove: all bytes are the same.
  }
}

/**
 * How long a client may take for a request, or to read a reply. The timeout of a socket limits each of its calls, and
 * a client that trickles is in time with each. Here, since each module more takes time in a Worker for one client.
 */
class TimeLimit {
  /** Whether there is one. Otherwise nobody asks for the time. */
  isSet = false;
  #milliseconds = 0;
  #end = 0;

  /** A client comes. */
  set(timeout: SocketTimeout | undefined): void {
    if (timeout !== undefined) {
      this.#milliseconds = 1000 * secondsOf(timeout);
      this.restart();
    }
    // Not written without need: that would be a page more to copy in a forked child.
    if (this.isSet !== (timeout !== undefined)) this.isSet = timeout !== undefined;
  }

  /** A request has arrived, or a reply was sent: the time begins anew. */
  restart(): void {
    this.#end = performance.now() + this.#milliseconds;
  }

  /** A part of a request has arrived, or was sent. @throws {SystemError} EAGAIN, as a socket's timeout, if time is up. */
  check(): void {
    if (performance.now() < this.#end) return;
    throw new SystemError("read", "wait longer for a client", Errno.EAGAIN);
  }
}

/** The limit of the client that is being served, where that is one after another. */
export const timeLimit = new TimeLimit();

/** Serves one client until it closes (true) or sends an invalid request (false). */
function converse(connection: number, times: RequestTimes | undefined): boolean {
  for (;;) {
    const length = readPinned(connection, input);
    if (length === 0) return true;
    const before = session.requests;
    const due = session.receive(input.bytes, length);
    if (timeLimit.isSet && due === 0) timeLimit.check();
    if (times !== undefined) times.spend(session.requests - before);
    sendLetters(connection, due);
    if (session.rejected) {
      endReplies(connection);
      return false;
    }
  }
}

/** Sends that many bytes. */
export function sendLetters(connection: number, count: number): void {
  if (timeLimit.isSet && count > 0) timeLimit.restart();
  for (let left = count; left > 0;) {
    left -= writePinned(connection, letters, Math.min(left, letters.bytes.length));
    if (timeLimit.isSet && left > 0) timeLimit.check();
  }
  if (timeLimit.isSet && count > 0) timeLimit.restart();
}

/** The reply to a request that arrived as one message; undefined if `serve` would reject the request. */
export function answer(request: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  let count = 0;
  for (let i = 0; i < request.length - 1; i++) {
    const digit = request[i]! - ZERO;
    if (digit < 0 || digit > 9 || i >= MAX_DIGITS) return undefined;
    count = 10 * count + digit;
  }
  if (request.at(-1) !== NEWLINE || count === 0 || count > REQUEST_LIMIT) return undefined;
  const { bytes } = letters;
  return count <= bytes.length ? bytes.subarray(0, count) : new Uint8Array(count).fill(bytes[0]!);
}

/**
 * The session of the client that is being served, where that is one after another. A new one for each would be
 * garbage, and each forked child would collect that of its parent, too: for 100 ms, once it is full.
 */
const session = new BytesSession();

/** The service of the book. */
export const service: Service = {
  name: "bytes",
  serve(counter, connection, timeout, times) {
    counter.open();
    session.restart();
    counter.close(!serveOne(converse, connection, timeout, times), session.requests);
  },
  startSession: () => new BytesSession(),
  examples: ["4000\n"],
};

/**
 * Has `converse` serve one client until it closes (true) or is rejected (false), and closes the connection. A
 * connection reset counts as a close by the client.
 */
export function serveOne(
  converse: (connection: number, times: RequestTimes | undefined) => boolean,
  connection: number,
  timeout: SocketTimeout | undefined,
  times: RequestTimes | undefined,
): boolean {
  try {
    if (timeout !== undefined) setTimeouts(connection, timeout);
    timeLimit.set(timeout);
    return converse(connection, times);
  } catch (error) {
    if (isDisconnect(error)) return true;
    if (hasErrno(error, Errno.EAGAIN)) return false;
    throw error;
  } finally {
    close(connection);
  }
}

/** Whether a call failed because the client has disconnected. */
function isDisconnect(error: unknown): boolean {
  return error instanceof SystemError && DISCONNECT_CODES.has(error.code);
}

const DISCONNECT_CODES = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/** Number of connections after which V8 has optimized a whole service. */
export const WARM_UP = 1000;
