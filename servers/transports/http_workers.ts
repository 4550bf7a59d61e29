/**
 * The client side of HTTP/1.1 where replies name the worker that sent them: each is read whole, and searched.
 *
 * @module
 */
import { read, write } from "../posix/io.ts";
import { tryRead } from "../posix/sockets.ts";
import { bodyLength, HEAD_LIMIT, requestFor } from "./http_client.ts";
import { type Client, Failure, INCOMPLETE, type Naming, type Replies } from "./transport.ts";

/** Bytes of a reply that are searched. */
const SEARCHED = 65536;

/** A reply as far as it has arrived. */
interface Arriving {
  readonly text: string;
  readonly bytes: number;
  /** Bytes of all of it; −1: its head is not complete. */
  readonly total: number;
}

const NOTHING: Arriving = { text: "", bytes: 0, total: -1 };

/** Requests a target again and again, and counts each connection at the worker that its first reply names. */
export function namedRequests(
  target: string,
  host: string,
  bytes: number | null,
  naming: Naming,
): Required<Pick<Client, "request" | "wrongReply">> & { begin(): void } {
  let isFirst = true;
  const once = {
    pattern: naming.pattern,
    count(name: string) {
      if (isFirst) naming.count(name);
      isFirst = false;
    },
  };
  const replies = new NamedReplies(target, host, bytes, once);
  return {
    begin: () => void (isFirst = true),
    request: (connection) => replies.request(connection),
    wrongReply: () => replies.wrongReply(0),
  };
}

/** The same on many connections at once; each reply is counted. */
export class NamedReplies implements Replies {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly #bytes: number | null;
  readonly #naming: Naming;
  readonly #buffer = new Uint8Array(SEARCHED);
  readonly #arriving: Arriving[] = [];

  constructor(target: string, host: string, bytes: number | null, naming: Naming) {
    this.message = requestFor(target, host);
    this.#bytes = bytes;
    this.#naming = naming;
  }

  request(connection: number): number {
    this.expect(0);
    write(connection, this.message, this.message.length);
    for (;;) {
      const result = this.#take(0, read(connection, this.#buffer));
      if (result !== INCOMPLETE) return result;
    }
  }

  expect(index: number): void {
    this.#arriving[index] = NOTHING;
  }

  receive(index: number, connection: number): number {
    const count = tryRead(connection, this.#buffer);
    return count < 0 ? INCOMPLETE : this.#take(index, count);
  }

  wrongReply(index: number): Uint8Array {
    return new TextEncoder().encode(this.#arriving[index]?.text ?? "");
  }

  #take(index: number, count: number): number {
    const before = this.#arriving[index]!;
    const room = SEARCHED - before.text.length;
    const text = before.text + decoder.decode(this.#buffer.subarray(0, Math.min(count, room)));
    const bytes = before.bytes + count;
    let { total } = before;
    const end = total === -1 ? text.indexOf("\r\n\r\n") : -1;
    if (end >= 0) {
      const length = bodyLength(text.slice(0, end + 4), this.#bytes);
      if (length < 0) {
        this.#arriving[index] = { text, bytes, total };
        return -length;
      }
      total = end + 4 + length;
    }
    this.#arriving[index] = { text, bytes, total };
    if (total === -1 && bytes > HEAD_LIMIT || total !== -1 && bytes > total) {
      return total === -1 ? Failure.shortReply : Failure.longReply;
    }
    if (bytes !== total) return count > 0 ? INCOMPLETE : Failure.shortReply;
    const found = this.#naming.pattern.exec(text);
    const name = found?.[1] ?? found?.[0];
    if (name !== undefined) this.#naming.count(name);
    return 0;
  }
}

/** Each byte is a character, whatever the reply is. */
const decoder = new TextDecoder("latin1");
