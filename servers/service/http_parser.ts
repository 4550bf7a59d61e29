/**
 * A parser of HTTP/1.1 and HTTP/1.0 requests (RFC 9112), byte by byte, so that a request may arrive in fragments
 * of any size. It is strict: lines end in CR LF, nothing is folded or guessed, and no request has content. It
 * allocates nothing for a request.
 *
 * @module
 */
import { Fields } from "./http_fields.ts";
import { DONE, MORE } from "./http_grammar.ts";
import { RequestLine } from "./http_line.ts";
import { Status } from "./http_status.ts";

/** Most bytes of a request, as in Node. */
export const HEAD_LIMIT = 16384;

/** The requests of one client. */
export class HttpParser {
  /** Status of the reply to the request that was just read; 0: it is not complete. */
  status = 0;
  /** Whether the connection stays open after that reply. */
  keepsAlive = true;
  /** Whether the request could not be read, so that nothing behind it can. */
  isRefused = false;
  readonly #line: RequestLine;
  readonly #fields = new Fields();
  #isInFields = false;
  /** Bytes of the request so far. */
  #size = 0;

  /** `limit`: bytes that may be asked for at most. */
  constructor(limit: number) {
    this.#line = new RequestLine(limit);
  }

  /** Bytes asked for. */
  get count(): number {
    return this.#line.count;
  }

  /** Whether it was a HEAD. */
  get isHead(): boolean {
    return this.#line.isHead;
  }

  /** Whether it was HTTP/1.0. */
  get isOld(): boolean {
    return this.#line.isOld;
  }

  /**
   * Reads bytes until a request is complete or wrong, or to their end. Returns the index behind what it read;
   * `status` says whether there is a reply to send. Nothing is to be read after one that does not keep alive.
   */
  read(input: Uint8Array, from: number, end: number): number {
    if (this.status !== 0) this.#start();
    for (let i = from; i < end; i++) {
      if (++this.#size > HEAD_LIMIT) this.#refuse(Status.headTooLarge);
      else this.#take(input[i]!);
      if (this.status !== 0) return i + 1;
    }
    return end;
  }

  /** Starts again, for another client. */
  restart(): void {
    this.keepsAlive = true;
    this.isRefused = false;
    this.#start();
  }

  #start(): void {
    this.status = this.#size = 0;
    this.#isInFields = false;
    this.#line.start();
    this.#fields.start();
  }

  #take(byte: number): void {
    const result = this.#isInFields ? this.#fields.take(byte) : this.#line.take(byte);
    if (result === MORE) return;
    if (result !== DONE) this.#refuse(result);
    else if (this.#isInFields) this.#finish();
    else this.#isInFields = true;
  }

  #refuse(status: number): void {
    this.status = status;
    this.keepsAlive = false;
    this.isRefused = true;
  }

  /** The head is complete. Nobody reads content: the connection ends after a request that has some. */
  #finish(): void {
    const { isAllowed, isFound, isOld } = this.#line;
    const { haveContent, closes, persists } = this.#fields;
    if (!this.#fields.areValid(isOld)) return this.#refuse(Status.badRequest);
    if (haveContent && isAllowed) return this.#refuse(Status.contentTooLarge);
    this.keepsAlive = !haveContent && !closes && (!isOld || persists);
    this.status = !isAllowed ? Status.methodNotAllowed : isFound ? Status.ok : Status.notFound;
  }
}
