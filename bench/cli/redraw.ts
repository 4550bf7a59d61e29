/**
 * Lines on a terminal that are redrawn in place.
 *
 * @module
 */

/** A terminal. */
export interface Terminal {
  write(text: string): void;
  /** Its size in characters. */
  size(): { readonly columns: number; readonly rows: number };
}

/** The size if the terminal does not report one, as over some serial lines. */
const USUAL_SIZE = { columns: 80, rows: 24 };

/** The size of the terminal of this process, in characters. */
export function terminalSize(): ReturnType<Terminal["size"]> {
  const { columns, rows } = Deno.consoleSize();
  return columns > 0 && rows > 0 ? { columns, rows } : USUAL_SIZE;
}

/** The terminal behind standard output or standard error. */
export function terminalOf(stream: typeof Deno.stdout | typeof Deno.stderr): Terminal {
  return {
    write: (text) => {
      const bytes = new TextEncoder().encode(text);
      for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
    },
    size: terminalSize,
  };
}

/** Lines at the end of a terminal, which are redrawn in place. Disposing removes them. */
export class Redrawn implements Disposable {
  readonly #terminal: Terminal;
  #height = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Usable columns: all but the last, since a full line may wrap. */
  get columns(): number {
    return this.#terminal.size().columns - 1;
  }

  /** Replaces the lines; what does not fit is cut off. */
  draw(lines: readonly string[]): void {
    const { columns } = this;
    // The cursor takes the line below the last one.
    const most = this.#terminal.size().rows - 1;
    const fitting = lines.slice(0, most).map((line) => [...line].slice(0, columns).join(""));
    this.#terminal.write(this.#erased() + fitting.map((line) => `${line}\n`).join(""));
    this.#height = fitting.length;
  }

  /** Prints a permanent line in place of the others; the caller draws them again. */
  print(line: string): void {
    this.#terminal.write(`${this.#erased()}${line}\n`);
    this.#height = 0;
  }

  /** Removes the lines. */
  [Symbol.dispose](): void {
    this.#terminal.write(this.#erased());
    this.#height = 0;
  }

  /** The codes that move to the first line and erase from there (console_codes(4)). */
  #erased(): string {
    return this.#height === 0 ? "" : `\x1b[${this.#height}A\r\x1b[J`;
  }
}
