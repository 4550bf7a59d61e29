/**
 * The header fields of an HTTP request, of which a server must know four (RFC 9112, 5 to 9).
 *
 * @module
 */
import {
  COLON,
  COMMA,
  CR,
  DONE,
  IN_VALUE,
  kinds,
  LF,
  MORE,
  NINE,
  SPACE,
  TAB,
  TOKEN,
  Words,
  ZERO,
} from "./http_grammar.ts";
import { Status } from "./http_status.ts";

/** What the next byte belongs to. */
const LINE = 0;
const NAME = 1;
const VALUE_START = 2;
const VALUE = 3;
const LINE_END = 4;
const END = 5;

const names = new Words("connection", "content-length", "host", "transfer-encoding");
const CONNECTION = 0;
const CONTENT_LENGTH = 1;
const HOST = 2;
const TRANSFER_ENCODING = 3;
const options = new Words("close", "keep-alive");
const CLOSE = 0;
const KEEP_ALIVE = 1;

/** The fields up to the empty line, read byte by byte. */
export class Fields {
  /** Whether the connection is to be closed, or kept. */
  closes = false;
  persists = false;
  #hosts = 0;
  #lengths = 0;
  #codings = 0;
  #isEmpty = true;
  /** The field of this line. */
  #field = 0;
  /** Whether there was space behind what has been read of a value. */
  #isSpaced = false;
  #state = LINE;
  /** The word that is being read, and its bytes so far. */
  #word = 0;
  #at = 0;

  /** Whether the request has content. */
  get haveContent(): boolean {
    return !this.#isEmpty || this.#codings > 0;
  }

  /** Whether they say which host is meant, as HTTP/1.1 requires, and at most once how long the content is. */
  areValid(isOld: boolean): boolean {
    return this.#hosts <= 1 && (this.#hosts === 1 || isOld) && this.#lengths <= 1 &&
      (this.#lengths === 0 || this.#codings === 0);
  }

  /** Begins the fields of another request. */
  start(): void {
    this.closes = this.persists = false;
    this.#hosts = this.#lengths = this.#codings = 0;
    this.#isEmpty = true;
    this.#begin(LINE);
  }

  /** Takes the next byte. */
  take(byte: number): number {
    switch (this.#state) {
      case LINE:
        if (byte === CR) return this.#begin(END);
        this.#begin(NAME);
        return this.#takeOfName(byte);
      case NAME:
        return this.#takeOfName(byte);
      case VALUE_START:
        if (byte === SPACE || byte === TAB) return MORE;
        this.#begin(VALUE);
        return this.#takeOfValue(byte);
      case VALUE:
        return this.#takeOfValue(byte);
    }
    if (byte !== LF) return Status.badRequest;
    return this.#state === END ? DONE : this.#begin(LINE);
  }

  #begin(state: number): number {
    this.#state = state;
    this.#word = this.#at = 0;
    return MORE;
  }

  #takeOfName(byte: number): number {
    if ((kinds[byte]! & TOKEN) !== 0) {
      this.#word = names.next(this.#word, this.#at++, byte | 0x20);
      return MORE;
    }
    if (byte !== COLON || this.#at === 0) return Status.badRequest;
    this.#field = names.whole(this.#word, this.#at);
    if (this.#field === HOST) this.#hosts++;
    else if (this.#field === CONTENT_LENGTH) this.#lengths++;
    else if (this.#field === TRANSFER_ENCODING) this.#codings++;
    this.#isSpaced = false;
    return this.#begin(VALUE_START);
  }

  #takeOfValue(byte: number): number {
    if (byte === CR) return this.#endValue();
    if ((kinds[byte]! & IN_VALUE) === 0) return Status.badRequest;
    if (this.#field === CONNECTION) return this.#takeOfOption(byte);
    return this.#field === CONTENT_LENGTH ? this.#takeOfLength(byte) : MORE;
  }

  #endValue(): number {
    if (this.#field === CONNECTION) this.#endOption();
    else if (this.#field === CONTENT_LENGTH && this.#at === 0) return Status.badRequest;
    return this.#begin(LINE_END);
  }

  /** A digit, or space behind the last one. */
  #takeOfLength(byte: number): number {
    if (byte === SPACE || byte === TAB) {
      this.#isSpaced = true;
      return MORE;
    }
    if (byte < ZERO || byte > NINE || this.#isSpaced) return Status.badRequest;
    this.#at++;
    if (byte !== ZERO) this.#isEmpty = false;
    return MORE;
  }

  /** Part of a list such as `close, TE`. */
  #takeOfOption(byte: number): number {
    if (byte === COMMA) return this.#endOption();
    if (byte === SPACE || byte === TAB) this.#isSpaced = this.#at > 0;
    else {
      this.#word = this.#isSpaced ? Words.OTHER : options.next(this.#word, this.#at, byte | 0x20);
      this.#at++;
    }
    return MORE;
  }

  #endOption(): number {
    const option = options.whole(this.#word, this.#at);
    if (option === CLOSE) this.closes = true;
    else if (option === KEEP_ALIVE) this.persists = true;
    this.#isSpaced = false;
    return this.#begin(VALUE);
  }
}
