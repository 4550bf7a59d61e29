/**
 * The service over HTTP/1.1 and HTTP/1.0 (RFC 9110, RFC 9112): `/bytes/N` is N bytes, for GET and HEAD, as many
 * requests on a connection as the client likes. Replies have no Date, like those of a server without a clock.
 *
 * @module
 */
import { pinnedBytes, readPinned, write, writePinned } from "../posix/io.ts";
import { endReplies } from "../posix/sockets.ts";
import { input, letters, REQUEST_LIMIT, sendLetters, serveOne, timeLimit } from "./bytes.ts";
import { HttpParser } from "./http_parser.ts";
import { REASONS, Status } from "./http_status.ts";
import type { RequestTimes } from "./request_times.ts";
import type { Service, Session } from "./service.ts";

/** What a head says of the connection: nothing, or what the version does not imply. */
const CONNECTION = ["", "Connection: keep-alive\r\n", "Connection: close\r\n"];
const KEPT = 1;
const CLOSED = 2;

/** The start of a head, up to its length, by status and connection. */
const starts = new Map(
  Object.entries(REASONS).flatMap(([status, reason]) =>
    CONNECTION.map((connection, index) => {
      const code = Number(status);
      const type = code === Status.ok ? "Content-Type: text/plain\r\n" : "";
      const allow = code === Status.methodNotAllowed ? "Allow: GET, HEAD\r\n" : "";
      const text = `HTTP/1.1 ${status} ${reason}\r\n${type}${allow}${connection}Content-Length: `;
      return [keyOf(code, index), new TextEncoder().encode(text)] as const;
    })
  ),
);

function keyOf(status: number, connection: number): number {
  return status * CONNECTION.length + connection;
}

const LF = 10;
const CR = 13;
const ZERO = 48;
const LETTER = letters.bytes[0]!;

/** The head of a reply and the start of its body, which a single write can send. */
const page = pinnedBytes(letters.bytes.length);
page.bytes.set(letters.bytes);
/** The reply that is there, and the length of its head. */
let [writtenKey, writtenLength, headLength] = [0, 0, 0];

/** Writes a reply into the page, unless it is there. Returns the length of its head. */
function compose(key: number, length: number): number {
  if (key === writtenKey && length === writtenLength) return headLength;
  writtenKey = key;
  writtenLength = length;
  const { bytes } = page;
  const start = starts.get(key)!;
  bytes.set(start);
  let end = start.length + 1;
  for (let rest = length; rest >= 10; rest = Math.floor(rest / 10)) end++;
  for (let at = end - 1, rest = length; at >= start.length; at--, rest = Math.floor(rest / 10)) {
    bytes[at] = ZERO + rest % 10;
  }
  bytes[end] = bytes[end + 2] = CR;
  bytes[end + 1] = bytes[end + 3] = LF;
  end += 4;
  if (end < headLength) bytes.fill(LETTER, end, headLength);
  return headLength = end;
}

/** The reply to what a parser has just read. */
class Reply {
  key = 0;
  /** What its head says of the length of the body, and the bytes that are sent. */
  length = 0;
  body = 0;

  set({ status, isHead, isOld, keepsAlive, count }: HttpParser): void {
    this.key = keyOf(status, keepsAlive ? isOld ? KEPT : 0 : CLOSED);
    this.length = status === Status.ok ? count : 0;
    this.body = isHead ? 0 : this.length;
  }
}

/** The requests of one client, in fragments of any size. */
export class HttpSession implements Session {
  readonly #parser = new HttpParser(REQUEST_LIMIT);
  /** The reply that is being sent, its bytes so far, and all; then those behind it. */
  #reply = new Reply();
  #at = 0;
  #size = 0;
  readonly #waiting: Reply[] = [];
  requests = 0;
  isOver = false;

  get rejected(): boolean {
    return this.#parser.isRefused;
  }

  restart(): void {
    this.#parser.restart();
    this.#at =
      this.#size =
      this.#waiting.length =
      this.requests =
        0;
    this.isOver = false;
  }

  receive(bytes: Uint8Array<ArrayBuffer>, length: number): number {
    let due = 0;
    for (let at = 0; at < length && !this.isOver;) {
      at = this.#parser.read(bytes, at, length);
      if (this.#parser.status === 0) break;
      if (!this.rejected) this.requests++;
      this.isOver = !this.#parser.keepsAlive;
      due += this.#size > 0 ? this.#wait() : this.#begin();
    }
    return due;
  }

  /** The reply is the next to send. */
  #begin(): number {
    this.#reply.set(this.#parser);
    return this.#size = sizeOf(this.#reply);
  }

  /** The reply waits behind others: the requests were pipelined. */
  #wait(): number {
    const reply = new Reply();
    reply.set(this.#parser);
    this.#waiting.push(reply);
    return sizeOf(reply);
  }

  get outgoing(): Uint8Array<ArrayBuffer> {
    const { key, length } = this.#reply;
    const head = compose(key, length);
    const left = this.#size - this.#at;
    // The usual reply: whole, and no other behind it.
    if (this.#at === 0 && (this.#waiting.length === 0 || left >= page.bytes.length)) {
      return page.bytes;
    }
    return this.#at < head
      ? page.bytes.subarray(this.#at, Math.min(this.#size, page.bytes.length))
      : letters.bytes.subarray(0, Math.min(left, letters.bytes.length));
  }

  sent(count: number): void {
    this.#at += count;
    if (this.#at < this.#size) return;
    this.#at = this.#size = 0;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#reply = next;
    this.#size = sizeOf(next);
  }
}

function sizeOf({ key, length, body }: Reply): number {
  return compose(key, length) + body;
}

// The client that is being served, where that is one after another: see `bytes.ts` for why it is always the same.
const parser = new HttpParser(REQUEST_LIMIT);
const reply = new Reply();
let requests = 0;

/** Serves one client until it closes (true) or sends an invalid request (false). */
function converse(connection: number, times: RequestTimes | undefined): boolean {
  for (;;) {
    const length = readPinned(connection, input);
    if (length === 0) return true;
    for (let at = 0; at < length;) {
      at = parser.read(input.bytes, at, length);
      if (parser.status === 0) {
        if (timeLimit.isSet) timeLimit.check();
        break;
      }
      if (!parser.isRefused) {
        requests++;
        if (times !== undefined) times.spend(1);
      }
      reply.set(parser);
      send(connection, reply);
      if (parser.keepsAlive) continue;
      // Otherwise all has been read that the client sends.
      if (at < length || parser.status !== Status.ok) endReplies(connection);
      return !parser.isRefused;
    }
  }
}

/** Sends a reply; its head and the start of its body in one write. */
function send(connection: number, { key, length, body }: Reply): void {
  const head = compose(key, length);
  const first = Math.min(head + body, page.bytes.length);
  let sent = writePinned(connection, page, first);
  // After a signal, for example.
  while (sent < head) sent += write(connection, page.bytes.subarray(sent, head), head - sent);
  sendLetters(connection, head + body - sent);
  if (timeLimit.isSet) timeLimit.restart();
}

/** Requests as Herd's clients, curl, ab and browsers send them; several of a connection together. */
const [OWN, CURL, AB, BROWSER] = [
  "GET /bytes/4000 HTTP/1.1\nHost: 127.0.0.1:8888\nUser-Agent: herd\n\n",
  "HEAD /bytes/5 HTTP/1.1\nHost: localhost\nUser-Agent: curl/8.0\nAccept: */*\n\n",
  "GET /bytes/4000 HTTP/1.0\nConnection: Keep-Alive\nHost: localhost\nUser-Agent: ApacheBench\n\n",
  "GET /bytes/4000 HTTP/1.1\nHost: [::1]:8888\ncontent-type: text/plain\nAccept: */*\n" +
  "connection: close\nTransfer: a\nContent-Length: 0\n\n",
];
const EXAMPLES = [OWN, OWN + OWN, OWN + CURL + BROWSER, OWN, AB + OWN + CURL + OWN];

/** The service. */
export const service: Service = {
  name: "http",
  serve(counter, connection, timeout, times) {
    counter.open();
    parser.restart();
    requests = 0;
    counter.close(!serveOne(converse, connection, timeout, times), requests);
  },
  startSession: () => new HttpSession(),
  examples: EXAMPLES.map((example) => example.replaceAll("\n", "\r\n")),
};
