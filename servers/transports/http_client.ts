/**
 * The client side of HTTP/1.1, over a byte stream: it asks for one resource, again and again.
 *
 * @module
 */
import { read, write } from "../posix/io.ts";
import { tryRead } from "../posix/sockets.ts";
import { type Client, Failure, INCOMPLETE, type Replies } from "./transport.ts";

const READ_BYTES = 65536;

/** Most bytes of a head. */
export const HEAD_LIMIT = 16384;

/**
 * Requests a target. The head of the first reply is learned: the next are compared with it, byte by byte, and only
 * one that differs is read anew, such as that of another second where the server sends a Date.
 *
 * @param bytes Bytes of the body; null: as many as the reply says.
 */
export function httpRequests(
  target: string,
  host: string,
  bytes: number | null,
): Required<Pick<Client, "request" | "wrongReply">> {
  const requests = new Requests(target, host, bytes);
  return {
    request: (connection) => requests.request(connection),
    wrongReply: () => requests.wrongReply(),
  };
}

/** Like `httpRequests`, on that many connections at once. */
export function httpReplies(
  target: string,
  host: string,
  bytes: number | null,
  connections: number,
): Replies {
  return new Requests(target, host, bytes, connections);
}

const NOTHING = new Uint8Array(0);

/** Methods, not closures: V8 compiles those for all objects, and closures for the one that was warmed up. */
class Requests implements Replies {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly #body: number | null;
  readonly #reply = new Uint8Array(READ_BYTES);
  /** The head that was learned, and the bytes of a whole reply; −1: none. */
  readonly #head = new Uint8Array(HEAD_LIMIT);
  #headLength = 0;
  #total = -1;
  #wrong = NOTHING;
  /** Bytes of each connection's reply that are still to come; 0: its head is not complete. */
  readonly #left: Float64Array;
  /** The start of a head, by connection. */
  readonly #starts = new Map<number, Uint8Array>();

  constructor(target: string, host: string, body: number | null, connections = 0) {
    this.message = requestFor(target, host);
    this.#body = body;
    this.#left = new Float64Array(connections);
  }

  request(connection: number): number {
    write(connection, this.message, this.message.length);
    let count = read(connection, this.#reply);
    if (count === this.#total && this.#isLearned()) return 0;
    if (this.#total === -1 || count < this.#headLength || !this.#isLearned()) {
      this.#total = -1;
      count = this.#learn(connection, count);
      if (count < 0) return -count;
    }
    let left = this.#total - count;
    while (left > 0 && count > 0) left -= count = read(connection, this.#reply);
    if (left === 0) return 0;
    return left > 0 ? Failure.shortReply : Failure.longReply;
  }

  expect(index: number): void {
    this.#left[index] = 0;
    if (this.#starts.size > 0) this.#starts.delete(index);
  }

  receive(index: number, connection: number): number {
    let left = this.#left[index]!;
    let arrived: number;
    if (left > 0) {
      arrived = tryRead(connection, this.#reply);
      if (arrived < 0) return INCOMPLETE;
      left -= arrived;
    } else {
      const start = this.#starts.get(index) ?? NOTHING;
      this.#reply.set(start);
      arrived = tryRead(
        connection,
        start.length === 0 ? this.#reply : this.#reply.subarray(start.length),
      );
      if (arrived < 0) return INCOMPLETE;
      const count = start.length + arrived;
      if (this.#total === -1 || count < this.#headLength || !this.#isLearned()) {
        const end = endOfHead(this.#reply, count);
        if (end === 0 && arrived > 0 && count < HEAD_LIMIT) {
          this.#starts.set(index, this.#reply.slice(0, count));
          return INCOMPLETE;
        }
        const failure = this.#learnHead(count, end);
        if (failure !== 0) return failure;
      }
      left = this.#total - count;
    }
    this.#left[index] = left;
    if (left === 0) return 0;
    if (left < 0) return Failure.longReply;
    return arrived > 0 ? INCOMPLETE : Failure.shortReply;
  }

  wrongReply(): Uint8Array {
    const wrong = this.#wrong;
    this.#wrong = NOTHING;
    return wrong;
  }

  #isLearned(): boolean {
    for (let i = 0; i < this.#headLength; i++) if (this.#reply[i] !== this.#head[i]) return false;
    return true;
  }

  /** Learns the head of a reply of which so many bytes have arrived. Returns them all, or a negative `Failure`. */
  #learn(connection: number, arrived: number): number {
    let [count, more, end] = [arrived, arrived, 0];
    while ((end = endOfHead(this.#reply, count)) === 0 && more > 0 && count < HEAD_LIMIT) {
      count += more = read(connection, this.#reply.subarray(count));
    }
    const failure = this.#learnHead(count, end);
    return failure === 0 ? count : -failure;
  }

  /** Learns the head of a reply, which ends there; 0: it has no end. Returns 0 or a `Failure`. */
  #learnHead(count: number, end: number): number {
    if (end === 0 || end > HEAD_LIMIT) {
      this.#wrong = this.#reply.slice(0, count);
      return Failure.shortReply;
    }
    const head = this.#reply.subarray(0, end);
    const length = bodyLength(String.fromCharCode(...head), this.#body);
    if (length === -Failure.noAnswer) this.#wrong = head.slice();
    if (length < 0) return -length;
    this.#head.set(head);
    this.#headLength = end;
    this.#total = end + length;
    return 0;
  }
}

/** The length of the body after this head, which has to be `wanted` unless that is null; or a negative `Failure`. */
export function bodyLength(head: string, wanted: number | null): number {
  if (!/^HTTP\/1\.[01] 2\d\d[ \r]/.test(head)) return -Failure.noAnswer;
  const length = /^content-length:[ \t]*(\d+)[ \t]*\r$/im.exec(head)?.[1];
  if (length === undefined) return -Failure.noLength;
  const body = Number(length);
  if (wanted === null || body === wanted) return body;
  return body < wanted ? -Failure.shortReply : -Failure.longReply;
}

/** What asks for a target. */
export function requestFor(target: string, host: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: herd\r\n\r\n`,
  );
}

const END = [13, 10, 13, 10];

/** The length of the head at the start of these bytes, its empty line included; 0: it is not complete. */
function endOfHead(bytes: Uint8Array, count: number): number {
  for (let at = 0; at + END.length <= count; at++) {
    if (END.every((byte, i) => bytes[at + i] === byte)) return at + END.length;
  }
  return 0;
}
