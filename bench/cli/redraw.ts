/**
 * Lines on a terminal that are drawn again and again in their place.
 *
 * @module
 */

/** A terminal, as far as it matters here. */
export interface Terminal {
  write(text: string): void;
  /** Characters in a line, and lines. */
  size(): { readonly columns: number; readonly rows: number };
}

/** What is taken for the size of a terminal that does not say, as over some serial lines. */
const USUAL_SIZE = { columns: 80, rows: 24 };

/** The terminal behind standard output or standard error. */
export function terminalOf(stream: typeof Deno.stdout | typeof Deno.stderr): Terminal {
  return {
    write: (text) => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    },
    size: () => {
      const { columns, rows } = Deno.consoleSize();
      return columns > 0 && rows > 0 ? { columns, rows } : USUAL_SIZE;
    },
  };
}

/** Lines that stand at the end of a terminal. Dispose of it: what is printed next stands below them. */
export class Redrawn implements Disposable {
  readonly #terminal: Terminal;
  #height = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Characters in a line, less the last: a line that fills it may be wrapped. */
  get columns(): number {
    return this.#terminal.size().columns - 1;
  }

  /** Draws these lines in place of the last ones, as far as they fit. */
  draw(lines: readonly string[]): void {
    const { columns } = this;
    // The cursor stands in a line of its own, below the last one.
    const most = this.#terminal.size().rows - 1;
    const fitting = lines.slice(0, most).map((line) => [...line].slice(0, columns).join(""));
    this.#terminal.write(this.#erased() + fitting.map((line) => `${line}\n`).join(""));
    this.#height = fitting.length;
  }

  /** Prints a line that stays, above the others, which have to be drawn again. */
  print(line: string): void {
    this.#terminal.write(`${this.#erased()}${line}\n`);
    this.#height = 0;
  }

  /** Takes the lines away. */
  [Symbol.dispose](): void {
    this.#terminal.write(this.#erased());
    this.#height = 0;
  }

  /** What goes back to the first of the lines, and erases from there on (console_codes(4)). */
  #erased(): string {
    return this.#height === 0 ? "" : `\x1b[${this.#height}A\r\x1b[J`;
  }
}
