/**
 * Another service: each line comes back, with its newline and a NUL, as in the dialog of the Open System
 * Services Programmer's Guide.
 *
 * @module
 */
import type { Conversation } from "./bytes.ts";

/** Most bytes of a line; a longer one is refused. */
export const LINE_LIMIT = 4096;

const NUL = 0;
const NEWLINE = 10;

/** The lines of one client, which arrive in any pieces. */
export class Echo implements Conversation {
  refused = false;
  /** What is owed, and behind it the line whose end has not come yet. */
  #bytes = new Uint8Array(256);
  #used = 0;
  #lineStart = 0;

  take(arrived: Uint8Array<ArrayBuffer>, length: number): number {
    // Each newline brings a NUL.
    this.#reserve(this.#used + 2 * length);
    for (let i = 0; i < length && !this.refused; i++) {
      const byte = arrived[i]!;
      // A C program sends its string up to and including the NUL, which belongs to no line.
      if (byte === NUL) continue;
      this.#bytes[this.#used++] = byte;
      this.refused = this.#used - this.#lineStart > LINE_LIMIT;
      if (byte !== NEWLINE) continue;
      this.#bytes[this.#used++] = NUL;
      this.#lineStart = this.#used;
    }
    return this.#lineStart;
  }

  get outgoing(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  sent(count: number): void {
    this.#bytes.copyWithin(0, count, this.#used);
    this.#used -= count;
    this.#lineStart -= count;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}
