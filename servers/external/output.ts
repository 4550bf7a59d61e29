/**
 * What an external server prints: kept in a file, of which too much is cut off. The program writes into it by itself,
 * so that its host has nothing to do for a line of a log.
 *
 * @module
 */
import { openToAppend, removeAll, truncate } from "../posix/folders.ts";
import { close } from "../posix/io.ts";
import { sizeOf } from "../posix/files.ts";
import { preadFull } from "../posix/memory.ts";

/** Bytes that the file may have; its beginning is kept. */
const [MOST_BYTES, KEPT_BYTES] = [1 << 20, 1 << 19];

/** Milliseconds between two looks at its size. */
const LOOK_MS = 1000;

/** Bytes at the end among which the last line is looked for. */
const TAIL_BYTES = 4096;

/** Longest line that is quoted. */
const LINE_CHARACTERS = 300;

/** The output of a server. */
export class Output {
  readonly descriptor: number;
  readonly #path: string;
  /** Bytes that were there before. */
  readonly #from: number;
  readonly #timer: ReturnType<typeof setInterval>;

  /** Appends to a file. @throws {SystemError} such as ENOENT. */
  constructor(path: string) {
    this.descriptor = openToAppend(path);
    this.#path = path;
    this.#from = sizeOf(this.descriptor);
    this.#timer = setInterval(() => this.#cut(), LOOK_MS);
  }

  /** Whether the server has printed that text, among the first that is kept. */
  has(text: string): boolean {
    return this.#text(this.#from, KEPT_BYTES).includes(text);
  }

  /**
   * What tells most of a failure: of the last lines the last one that names an error, or else the last one;
   * undefined if nothing was printed.
   */
  get lastLine(): string | undefined {
    const from = Math.max(this.#from, sizeOf(this.descriptor) - TAIL_BYTES);
    return tellingLine(this.#text(from, TAIL_BYTES));
  }

  /** Ends it; an empty file is removed. */
  end(): void {
    clearInterval(this.#timer);
    this.#cut();
    if (sizeOf(this.descriptor) === 0) removeAll(this.#path);
    close(this.descriptor);
  }

  #text(from: number, most: number): string {
    const bytes = new Uint8Array(Math.min(most, Math.max(0, sizeOf(this.descriptor) - from)));
    return new TextDecoder().decode(bytes.subarray(0, preadFull(this.descriptor, bytes, from)));
  }

  #cut(): void {
    if (sizeOf(this.descriptor) > MOST_BYTES) truncate(this.descriptor, KEPT_BYTES);
  }
}

/** Lines at the end among which one names an error: below it may be a stack, or a version. */
const LAST_LINES = 20;

/** The line of an output that tells most of a failure; undefined: there is none. */
export function tellingLine(text: string): string | undefined {
  const lines = text.split("\n").map((line) =>
    line.replaceAll(/\p{Cc}(\[[\d;]*m)?/gu, "").trimEnd()
  )
    .filter((line) => line !== "").slice(-LAST_LINES);
  const line = lines.findLast((line) => /^(?=\S).*(error|exception|fatal|panic)/i.test(line)) ??
    lines.findLast((line) => line.trim() !== "");
  return line?.trim().slice(0, LINE_CHARACTERS);
}
