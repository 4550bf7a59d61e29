/**
 * The reason for which a process dies, in memory that it shares with those who wait for it. Standard error is
 * for people, and a pipe would cost a descriptor in every child.
 *
 * @module
 */
import { causeOf, printError } from "./errors.ts";
import { getpid } from "./processes.ts";

const HEAD_BYTES = 8;

/** A place for the last words of the processes that live there one after the other. */
export class LastWords {
  /** Bytes of its memory. */
  static readonly BYTES = 512;

  readonly #head: Int32Array;
  readonly #text: Uint8Array<ArrayBuffer>;

  constructor(memory: ArrayBuffer, offset: number) {
    this.#head = new Int32Array(memory, offset, 2);
    this.#text = new Uint8Array(memory, offset + HEAD_BYTES, LastWords.BYTES - HEAD_BYTES);
  }

  /** Says why this process dies; what does not fit is cut off. */
  say(cause: string): void {
    const { written } = new TextEncoder().encodeInto(cause, this.#text);
    this.#head.set([getpid(), written]);
  }

  /** What a process (0: any) has said; undefined: nothing. */
  of(pid: number): string | undefined {
    const [speaker, length] = this.#head as unknown as [number, number];
    if (speaker === 0 || (pid !== 0 && pid !== speaker)) return undefined;
    return new TextDecoder().decode(this.#text.slice(0, length));
  }
}

/** Says for what error this process dies, and prints it to standard error. */
export function failWith(error: unknown, words?: LastWords): void {
  const cause = causeOf(error);
  words?.say(cause);
  printError(cause);
}
