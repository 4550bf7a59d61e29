/**
 * What is done for one client, the book's `web_child`: a line with a decimal count is answered with
 * that many bytes, again and again, until the client closes.
 *
 * @module
 */
import { close, endWriting, read, socketPair, write } from "./posix/sockets.ts";
import { SystemError } from "./posix/errors.ts";

/** Most bytes one request may ask for: 16 MiB. */
export const REQUEST_LIMIT = 16 * 1024 * 1024;

/** No number up to the limit has more digits, so a longer line is refused before its end has come. */
const MOST_DIGITS = String(REQUEST_LIMIT).length;

const NEWLINE = 10;
const ZERO = 48;

const request = new Uint8Array(4096);
// Every byte of a reply is the same, so each write can start at the beginning of this buffer.
const reply = new Uint8Array(65536).fill("A".charCodeAt(0));

/**
 * Answers one client until it closes. A line that is malformed, zero, over the limit or over-long ends
 * the service at once.
 *
 * @returns whether the client closed by itself; false where its request was refused.
 */
export function service(connection: number): boolean {
  let count = 0;
  let digits = 0;
  for (;;) {
    const length = read(connection, request);
    if (length === 0) return true;
    for (let i = 0; i < length; i++) {
      const byte = request[i]!;
      if (byte === NEWLINE) {
        if (count === 0 || count > REQUEST_LIMIT) return false;
        send(connection, count);
        count = digits = 0;
      } else if (byte >= ZERO && byte <= ZERO + 9 && digits < MOST_DIGITS) {
        count = 10 * count + byte - ZERO;
        digits++;
      } else {
        return false;
      }
    }
  }
}

function send(connection: number, count: number): void {
  for (let left = count; left > 0;) {
    left -= write(connection, reply, Math.min(left, reply.length));
  }
}

/** As `service`, for a client that may vanish: a connection it reset counts as closed by it. */
export function serveOne(connection: number): boolean {
  try {
    return service(connection);
  } catch (error) {
    if (error instanceof SystemError && GONE.has(error.code)) return true;
    throw error;
  } finally {
    close(connection);
  }
}

const GONE = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/** How often V8 must have seen the service before it has compiled all of it. */
export const WARM_UP = 3000;

/**
 * Before a pool is forked it pays to go on until V8 has also optimized the service (it does so from the
 * 3000th call on): otherwise every child would, in the middle of what is measured.
 */
export const WARM_UP_BEFORE_FORK = 10_000;

/**
 * For children that live for one client: often enough for V8 to have byte code and type feedback, and
 * not so often that it marks a function for optimization, which would then happen in every child.
 */
export const REHEARSALS = 250;

/**
 * Runs `serve` over that many socket pairs, for V8 to compile it. Children forked afterwards inherit the
 * compiled code, so that a row measures its design and not V8's warm-up.
 */
export function warmUp(times: number, serve: (connection: number) => void): void {
  const line = new TextEncoder().encode("4000\n");
  for (let i = 0; i < times; i++) {
    const [client, server] = socketPair();
    write(client, line, line.length);
    endWriting(client);
    serve(server);
    close(client);
  }
}
