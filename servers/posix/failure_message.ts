/**
 * The reason for which a process dies, in memory that it shares with those who wait for it. Standard error is
 * for people, and a pipe would cost a descriptor in every child.
 *
 * @module
 */
import { causeOf, printError } from "./errors.ts";
import { getpid } from "./processes.ts";

const HEAD_BYTES = 8;

/** A place for the failure messages of the processes that live there one after the other. */
export class FailureMessage {
  /** Bytes of its memory. */
  static readonly BYTES = 512;

  readonly #head: Int32Array;
  readonly #text: Uint8Array<ArrayBuffer>;

  constructor(memory: ArrayBuffer, offset: number) {
    this.#head = new Int32Array(memory, offset, 2);
    this.#text = new Uint8Array(memory, offset + HEAD_BYTES, FailureMessage.BYTES - HEAD_BYTES);
  }

  /** Writes why this process dies; what does not fit is cut off. */
  write(cause: string): void {
    const { written } = new TextEncoder().encodeInto(cause, this.#text);
    this.#head.set([getpid(), written]);
  }

  /** What a process (0: any) has written; undefined: nothing. */
  of(pid: number): string | undefined {
    const [writer, length] = this.#head as unknown as [number, number];
    if (writer === 0 || (pid !== 0 && pid !== writer)) return undefined;
    return new TextDecoder().decode(this.#text.slice(0, length));
  }
}

/** Writes the error for which this process dies, and prints it to standard error. */
export function failWith(error: unknown, message?: FailureMessage): void {
  const cause = causeOf(error);
  message?.write(cause);
  printError(cause);
}
