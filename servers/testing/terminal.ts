/**
 * A program on a terminal of its own, as a user runs it.
 *
 * @module
 */
import { wait, waitForExit } from "../posix/processes.ts";
import { close, readAsync, write } from "../posix/io.ts";
import { spawn } from "../posix/programs.ts";
import { openTerminal } from "../posix/testing_terminal.ts";
import { eventually, inTime, ProcessTree } from "./process.ts";

/** ^C as it is typed. */
export const CONTROL_C = "\x03";

/** ^D as it is typed: the end of the input. */
export const CONTROL_D = "\x04";

/** With this Deno takes away how far it has loaded a program that takes its time. */
const NO_PROGRESS = "\x1b[0G\x1b[2K\x1b[J";

/** Columns and rows of a terminal. */
const SIZE = [100, 30] as const;

/** A program that is running on a terminal. Nothing of it outlives the block that uses it. */
export class OnTerminal extends ProcessTree implements AsyncDisposable {
  readonly pid: number;
  readonly #user: number;
  readonly #reading: Promise<void>;
  #code: number | undefined;
  /** All that was printed so far, with CR LF at the ends of lines. */
  text = "";

  constructor(commandLine: readonly string[], [columns, rows]: readonly [number, number] = SIZE) {
    super();
    const { user, program } = openTerminal(columns, rows);
    const env = Object.entries(this.environment).map(([name, value]) => `${name}=${value}`);
    // The terminal becomes its controlling terminal, so that ^C is a signal.
    const args = ["--ctty", "/usr/bin/env", "NO_COLOR=1", ...env, ...commandLine];
    this.pid = spawn("/usr/bin/setsid", args, [[program, 0], [program, 1], [program, 2]]);
    close(program);
    this.#user = user;
    this.#reading = this.#read();
  }

  /** Reads until the program, and all that share its terminal, have ended. */
  async #read(): Promise<void> {
    const bytes = new Uint8Array(4096);
    const decoder = new TextDecoder();
    for (let count; (count = await readAsync(this.#user, bytes)) > 0;) {
      this.text += decoder.decode(bytes.subarray(0, count), { stream: true });
    }
  }

  /** What stands on it, in lines. */
  get lines(): string[] {
    return this.text.replaceAll(NO_PROGRESS, "").replaceAll("\r\n", "\n").split("\n");
  }

  type(text: string): void {
    const bytes = new TextEncoder().encode(text);
    write(this.#user, bytes, bytes.length);
  }

  /** Waits until something like that was printed. */
  until(pattern: RegExp): Promise<RegExpMatchArray> {
    return this.#wait(`${pattern}`, () => this.text.match(pattern) ?? undefined);
  }

  /** Waits until the last line that is not empty is like that. */
  async untilLine(pattern: RegExp): Promise<void> {
    const line = () => this.text.trimEnd().split(/\r?\n/).at(-1)!;
    await this.#wait(`a last line like ${pattern}`, () => line().match(pattern) ?? undefined);
  }

  async #wait<T>(what: string, find: () => T | undefined): Promise<T> {
    try {
      return await eventually(what, find);
    } catch (cause) {
      throw new Error(`on the terminal there is only: ${this.text}`, { cause });
    }
  }

  /** Waits for its end; the exit code is the result. */
  async ended(): Promise<number | undefined> {
    await inTime("the end of what runs on a terminal", this.#reading);
    return this.#code ??= wait(this.pid)?.code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#code === undefined && !waitForExit(this.pid, 0)) await this.killAll(this.pid);
    await this.ended();
    close(this.#user);
  }
}
