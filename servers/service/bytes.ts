/**
 * The service of the book (`web_child`, UNP §30.5): a client sends lines with a decimal number and gets
 * that many bytes for each, until it closes the connection.
 *
 * @module
 */
import { Errno, hasErrno, SystemError } from "../posix/errors.ts";
import { close, pinnedBytes, readPinned, writePinned } from "../posix/io.ts";
import { endReplies, setTimeouts, type SocketTimeout } from "../posix/sockets.ts";

/** Maximum number of bytes a request may ask for: 16 MiB. */
export const REQUEST_LIMIT = 16 * 1024 * 1024;

/** A line with more digits is rejected before its end arrives: its number is over the limit. */
const MAX_DIGITS = String(REQUEST_LIMIT).length;

const NEWLINE = 10;
const ZERO = 48;

const request = pinnedBytes(4096);
// All bytes of a reply are the same, so every write may start at the beginning of this buffer.
const reply = pinnedBytes(65536);
reply.bytes.fill("A".charCodeAt(0));

/**
 * The state of one client in a server that never blocks for a single client: the server passes it what
 * arrives, and asks it what to send.
 */
export interface Session {
  /** Processes the first `length` bytes of `input`; returns the number of reply bytes now due. */
  receive(input: Uint8Array<ArrayBuffer>, length: number): number;
  /** Whether input was invalid. The replies due before it are sent, then the connection is closed. */
  readonly rejected: boolean;
  /** The next bytes to send; those beyond the number due do not count. */
  readonly outgoing: Uint8Array<ArrayBuffer>;
  /** The first `count` bytes of `outgoing` have been sent. */
  sent(count: number): void;
}

/**
 * The requests of one client, in fragments of any size. A line that is malformed, zero, over the limit or
 * too long is rejected, with everything after it.
 */
export class BytesSession implements Session {
  #count = 0;
  #digits = 0;
  rejected = false;

  receive(input: Uint8Array<ArrayBuffer>, length: number): number {
    let due = 0;
    for (let i = 0; i < length; i++) {
      const byte = input[i]!;
      if (byte >= ZERO && byte <= ZERO + 9 && this.#digits < MAX_DIGITS) {
        this.#count = 10 * this.#count + byte - ZERO;
        this.#digits++;
      } else if (byte === NEWLINE && this.#count > 0 && this.#count <= REQUEST_LIMIT) {
        due += this.#count;
        this.#count = this.#digits = 0;
      } else {
        this.rejected = true;
        break;
      }
    }
    return due;
  }

  get outgoing(): Uint8Array<ArrayBuffer> {
    return reply.bytes;
  }

  sent(): void {
    // Nothing to remove: all bytes are the same.
  }
}

/** Serves one client until it closes (true) or sends an invalid request (false). */
function service(connection: number): boolean {
  const session = new BytesSession();
  for (;;) {
    const length = readPinned(connection, request);
    if (length === 0) return true;
    send(connection, session.receive(request.bytes, length));
    if (session.rejected) {
      endReplies(connection);
      return false;
    }
  }
}

function send(connection: number, count: number): void {
  for (let left = count; left > 0;) {
    left -= writePinned(connection, reply, Math.min(left, reply.bytes.length));
  }
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
  const { bytes } = reply;
  return count <= bytes.length ? bytes.subarray(0, count) : new Uint8Array(count).fill(bytes[0]!);
}

/** Counts connections; in a server this is a slot of the meter. */
export interface Counter {
  /** A connection was accepted. */
  open(): void;
  /** A connection was closed; `rejected`: because of an invalid request, or a client that stood still. */
  close(rejected: boolean): void;
}

/**
 * Serves one client, closes the connection and counts it. With a timeout, a client that neither sends nor reads
 * for so long is rejected.
 */
export function serve(counter: Counter, connection: number, timeout?: SocketTimeout): void {
  counter.open();
  counter.close(!serveOne(connection, timeout));
}

/** Like `service`, and closes the connection. A connection reset counts as a close by the client. */
function serveOne(connection: number, timeout: SocketTimeout | undefined): boolean {
  try {
    if (timeout !== undefined) setTimeouts(connection, timeout);
    return service(connection);
  } catch (error) {
    if (isDisconnect(error)) return true;
    if (hasErrno(error, Errno.EAGAIN)) return false;
    throw error;
  } finally {
    close(connection);
  }
}

/** Whether a call failed because the client has disconnected. */
export function isDisconnect(error: unknown): boolean {
  return error instanceof SystemError && DISCONNECT_CODES.has(error.code);
}

const DISCONNECT_CODES = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/** Number of connections after which V8 has optimized the whole service. */
export const WARM_UP = 1000;
