/**
 * Lines that come one by one, for one reader.
 *
 * @module
 */

/** Lines in the order in which they came, until the end. */
export class LineQueue implements AsyncIterable<string> {
  readonly #lines: string[] = [];
  #isEnded = false;
  #wake = () => {};

  push(line: string): void {
    this.#lines.push(line);
    this.#wake();
  }

  /** No other line will come. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    for (;;) {
      while (this.#lines.length > 0) yield this.#lines.shift()!;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}
