/**
 * The request line of HTTP: method, target and version (RFC 9112, 3).
 *
 * @module
 */
import {
  CR,
  DONE,
  DOT,
  kinds,
  LF,
  MORE,
  NINE,
  SLASH,
  SPACE,
  STAR,
  TOKEN,
  VISIBLE,
  Words,
  ZERO,
} from "./http_grammar.ts";
import { Status } from "./http_status.ts";

/** What the next byte belongs to. */
const METHOD = 0;
const TARGET = 1;
const PATH = 2;
const COUNT = 3;
const AUTHORITY = 4;
const OTHER_TARGET = 5;
const VERSION = 6;
const END = 7;

const methods = new Words("GET", "HEAD");
const HEAD = 1;
const paths = new Words("/bytes/");
const schemes = new Words("http://");
/** The length of either. */
const PREFIX_LENGTH = 7;
const versions = new Words("HTTP/");
const VERSION_LENGTH = 5;

/** A count with more digits is over any limit. */
const MAX_DIGITS = 8;

/** A request line, read byte by byte. */
export class RequestLine {
  /** Bytes asked for. */
  count = 0;
  /** Whether there is such a resource. */
  isFound = false;
  /** Whether it was HTTP/1.0, whose connections end after a reply unless the client asks otherwise. */
  isOld = false;
  #method = 0;
  #major = 0;
  #state = METHOD;
  /** The word that is being read, and its bytes so far. */
  #word = 0;
  #at = 0;
  readonly #limit: number;

  /** `limit`: bytes that may be asked for at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isHead(): boolean {
    return this.#method === HEAD;
  }

  get isAllowed(): boolean {
    return this.#method !== Words.OTHER;
  }

  /** Begins another line. */
  start(): void {
    this.count = 0;
    this.#begin(METHOD);
  }

  /** Takes the next byte. */
  take(byte: number): number {
    switch (this.#state) {
      case METHOD:
        return this.#takeOfMethod(byte);
      case VERSION:
        return this.#takeOfVersion(byte);
      case END:
        return byte === LF ? DONE : Status.badRequest;
    }
    if (byte === SPACE) return this.#endTarget();
    return (kinds[byte]! & VISIBLE) === 0 ? Status.badRequest : this.#takeOfTarget(byte);
  }

  #begin(state: number): number {
    this.#state = state;
    this.#word = this.#at = 0;
    return MORE;
  }

  #takeOfMethod(byte: number): number {
    if (this.#at === 0 && (byte === CR || byte === LF)) return MORE; // RFC 9112, 2.2
    if (byte === SPACE && this.#at > 0) {
      this.#method = methods.whole(this.#word, this.#at);
      return this.#begin(TARGET);
    }
    this.#word = methods.next(this.#word, this.#at++, byte);
    return (kinds[byte]! & TOKEN) === 0 ? Status.badRequest : MORE;
  }

  #takeOfTarget(byte: number): number {
    switch (this.#state) {
      case TARGET:
        if (this.#at > 0 || byte !== SLASH) return this.#takeOfScheme(byte);
        this.#begin(PATH);
        break;
      case AUTHORITY:
        if (this.#at++, byte !== SLASH) return MORE;
        if (this.#at === 1) return Status.badRequest;
        this.#begin(PATH);
        break;
      case COUNT:
        if (byte < ZERO || byte > NINE || this.#at === MAX_DIGITS) return this.#begin(OTHER_TARGET);
        this.count = 10 * this.count + byte - ZERO;
        this.#at++;
        return MORE;
      case OTHER_TARGET:
        return MORE;
    }
    this.#word = paths.next(this.#word, this.#at++, byte);
    if (this.#word === Words.OTHER) return this.#begin(OTHER_TARGET);
    return this.#at === PREFIX_LENGTH ? this.#begin(COUNT) : MORE;
  }

  /** Of the absolute form, which a client sends to a proxy; or `*`, the form of OPTIONS. */
  #takeOfScheme(byte: number): number {
    if (this.#at === 0 && byte === STAR) return this.#begin(OTHER_TARGET);
    this.#word = schemes.next(this.#word, this.#at++, byte | 0x20);
    if (this.#word === Words.OTHER) return Status.badRequest;
    return this.#at === PREFIX_LENGTH ? this.#begin(AUTHORITY) : MORE;
  }

  #endTarget(): number {
    if (this.#state === TARGET || this.#state === AUTHORITY && this.#at === 0) {
      return Status.badRequest;
    }
    this.isFound = this.#state === COUNT && this.#at > 0 && this.count <= this.#limit;
    return this.#begin(VERSION);
  }

  /** `HTTP/`, a digit, a dot, a digit, CR. */
  #takeOfVersion(byte: number): number {
    const at = this.#at++ - VERSION_LENGTH;
    const digit = byte - ZERO;
    if (at < 0) {
      this.#word = versions.next(this.#word, this.#at - 1, byte);
      return this.#word === Words.OTHER ? Status.badRequest : MORE;
    }
    if (at === 1) return byte === DOT ? MORE : Status.badRequest;
    if (at === 3) return byte === CR ? this.#begin(END) : Status.badRequest;
    if (digit < 0 || digit > 9) return Status.badRequest;
    if (at === 0) this.#major = digit;
    else this.isOld = digit === 0;
    return at === 2 && (this.#major !== 1 || digit > 1) ? Status.versionNotSupported : MORE;
  }
}
