/**
 * What is done for one client, the book's `web_child`: a line with a decimal count is answered with
 * that many bytes, again and again, until the client closes.
 *
 * @module
 */
import { SystemError } from "../posix/errors.ts";
import { pinnedBytes } from "../posix/memory.ts";
import {
  close,
  readPinned,
  shutDownWrite,
  socketPair,
  write,
  writePinned,
} from "../posix/sockets.ts";

/** Most bytes one request may ask for: 16 MiB. */
export const REQUEST_LIMIT = 16 * 1024 * 1024;

/** No number up to the limit has more digits, so a longer line is refused before its end has come. */
const MOST_DIGITS = String(REQUEST_LIMIT).length;

const NEWLINE = 10;
const ZERO = 48;

const request = pinnedBytes(4096);
// Every byte of a reply is the same, so each write can start at the beginning of this buffer.
const reply = pinnedBytes(65536);
reply.bytes.fill("A".charCodeAt(0));

/**
 * What is done for one client in a server that waits for no single one: it says what has arrived, and is
 * told how much it is to send.
 */
export interface Conversation {
  /** Takes the first `length` bytes of what has arrived; how many bytes are owed for them is the result. */
  take(arrived: Uint8Array<ArrayBuffer>, length: number): number;
  /** Whether something has arrived that is refused: what was owed before is sent, then it is closed. */
  readonly refused: boolean;
  /** The next bytes to send, of which as many are meant as are still owed. */
  readonly outgoing: Uint8Array<ArrayBuffer>;
  /** That many of them are sent. */
  sent(count: number): void;
}

/**
 * The requests of one client, which arrive in any pieces. A line that is malformed, zero, over the limit
 * or over-long is refused, and so is everything behind it.
 */
export class Requests implements Conversation {
  #count = 0;
  #digits = 0;
  refused = false;

  take(arrived: Uint8Array<ArrayBuffer>, length: number): number {
    let owed = 0;
    for (let i = 0; i < length; i++) {
      const byte = arrived[i]!;
      if (byte >= ZERO && byte <= ZERO + 9 && this.#digits < MOST_DIGITS) {
        this.#count = 10 * this.#count + byte - ZERO;
        this.#digits++;
      } else if (byte === NEWLINE && this.#count > 0 && this.#count <= REQUEST_LIMIT) {
        owed += this.#count;
        this.#count = this.#digits = 0;
      } else {
        this.refused = true;
        break;
      }
    }
    return owed;
  }

  get outgoing(): Uint8Array<ArrayBuffer> {
    return reply.bytes;
  }

  sent(): void {
    // Every byte is the same.
  }
}

/**
 * Answers one client until it closes. A request that is refused ends the service at once.
 *
 * @returns whether the client closed by itself; false where its request was refused.
 */
export function service(connection: number): boolean {
  const requests = new Requests();
  for (;;) {
    const length = readPinned(connection, request);
    if (length === 0) return true;
    send(connection, requests.take(request.bytes, length));
    if (requests.refused) return false;
  }
}

function send(connection: number, count: number): void {
  for (let left = count; left > 0;) {
    left -= writePinned(connection, reply, Math.min(left, reply.bytes.length));
  }
}

/** The answer to a request that came whole, as a message; undefined for one that `service` refuses. */
export function answer(request: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  let count = 0;
  for (let i = 0; i < request.length - 1; i++) {
    const digit = request[i]! - ZERO;
    if (digit < 0 || digit > 9 || i >= MOST_DIGITS) return undefined;
    count = 10 * count + digit;
  }
  if (request.at(-1) !== NEWLINE || count === 0 || count > REQUEST_LIMIT) return undefined;
  const { bytes } = reply;
  return count <= bytes.length ? bytes.subarray(0, count) : new Uint8Array(count).fill(bytes[0]!);
}

/** Counts connections: a slot of the meter, in a server. */
export interface Counter {
  /** A connection was taken. */
  open(): void;
  /** A connection is done with; `rejected`: because of a request that the service refuses. */
  close(rejected: boolean): void;
}

/** Serves one client, closes the connection, and counts it. */
export function serve(counter: Counter, connection: number): void {
  counter.open();
  counter.close(!serveOne(connection));
}

/** As `service`, for a client that may vanish: a connection it reset counts as closed by it. */
function serveOne(connection: number): boolean {
  try {
    return service(connection);
  } catch (error) {
    if (isDisconnect(error)) return true;
    throw error;
  } finally {
    close(connection);
  }
}

/** Whether a call failed because its client has vanished. */
export function isDisconnect(error: unknown): boolean {
  return error instanceof SystemError && GONE.has(error.code);
}

const GONE = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/** How often V8 must have seen the service before it has optimized all of it. */
export const WARM_UP = 1000;

/**
 * Runs `serve` over that many socket pairs, for V8 to compile it.
 */
export function warmUp(times: number, serve: (connection: number) => void): void {
  const line = new TextEncoder().encode("4000\n");
  for (let i = 0; i < times; i++) {
    const [client, server] = socketPair();
    write(client, line, line.length);
    shutDownWrite(client);
    serve(server);
    close(client);
  }
}
