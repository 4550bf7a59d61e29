/**
 * The bytes and words of HTTP requests (RFC 9110, RFC 9112).
 *
 * @module
 */

/** What reading a byte results in: more are needed, a part is complete, or else the status of a refusal. */
export const MORE = 0;
export const DONE = 1;

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const STAR = 42;
export const COMMA = 44;
export const DOT = 46;
export const SLASH = 47;
export const ZERO = 48;
export const NINE = 57;
export const COLON = 58;

/** Kinds of bytes, as bits: of a token, of a request target, of a field value (RFC 9110, 5.5 and 5.6.2). */
export const TOKEN = 1;
export const VISIBLE = 2;
export const IN_VALUE = 4;

/** The kinds of each byte. */
export const kinds = new Uint8Array(256);
for (let byte = 0x21; byte <= 0x7e; byte++) kinds[byte] = VISIBLE | IN_VALUE;
for (let byte = 0x80; byte <= 0xff; byte++) kinds[byte] = IN_VALUE;
kinds[SPACE] = kinds[TAB] = IN_VALUE;
for (const byte of new TextEncoder().encode("!#$%&'*+-.^_`|~")) kinds[byte]! |= TOKEN;
for (let byte = 0; byte < 256; byte++) {
  if (/[0-9A-Za-z]/.test(String.fromCharCode(byte))) kinds[byte]! |= TOKEN;
}

/** Words that are recognised byte by byte. They are sorted, so that those with a common start are neighbours. */
export class Words {
  /** The number of a word that is none of them. */
  static readonly OTHER = -1;

  readonly #words: readonly Uint8Array[];

  constructor(...words: readonly string[]) {
    this.#words = words.map((word) => new TextEncoder().encode(word));
  }

  /** The word that a text may be whose first `at` bytes are those of `word`, and the next one is `byte`. */
  next(word: number, at: number, byte: number): number {
    if (word === Words.OTHER || this.#words[word]![at] === byte) return word;
    for (let other = word + 1; other < this.#words.length; other++) {
      if (this.#words[other]![at] === byte && this.#haveCommonStart(word, other, at)) return other;
    }
    return Words.OTHER;
  }

  /** The word that a text of that length is. */
  whole(word: number, length: number): number {
    return word !== Words.OTHER && this.#words[word]!.length === length ? word : Words.OTHER;
  }

  #haveCommonStart(word: number, other: number, length: number): boolean {
    const [a, b] = [this.#words[word]!, this.#words[other]!];
    for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
    return true;
  }
}
