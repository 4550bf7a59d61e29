/**
 * The echo service of the Open System Services Programmer's Guide: each line is sent back, with its newline
 * and a NUL.
 *
 * @module
 */
import type { Session } from "./service.ts";

/** Maximum length of a line in bytes; a longer one is rejected. */
export const LINE_LIMIT = 4096;

const NUL = 0;
const NEWLINE = 10;

/** The lines of one client, in fragments of any size. */
export class EchoSession implements Session {
  requests = 0;
  rejected = false;
  /** The bytes due, followed by an incomplete line. */
  #bytes = new Uint8Array(256);
  #used = 0;
  #lineStart = 0;

  restart(): void {
    this.requests = this.#used = this.#lineStart = 0;
    this.rejected = false;
  }

  receive(input: Uint8Array<ArrayBuffer>, length: number): number {
    // Each newline is followed by a NUL.
    this.#reserve(this.#used + 2 * length);
    for (let i = 0; i < length && !this.rejected; i++) {
      const byte = input[i]!;
      // A C program sends its string with the NUL, which belongs to no line.
      if (byte === NUL) continue;
      this.#bytes[this.#used++] = byte;
      this.rejected = this.#used - this.#lineStart > LINE_LIMIT;
      if (byte !== NEWLINE) continue;
      this.#bytes[this.#used++] = NUL;
      this.requests++;
      this.#lineStart = this.#used;
    }
    return this.#lineStart;
  }

  get isOver(): boolean {
    return this.rejected;
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
