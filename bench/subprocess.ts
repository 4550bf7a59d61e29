/**
 * A Deno subprocess that talks in lines of JSON: how bench runs servers and loads.
 *
 * @module
 */

import { removeCgroupOf } from "../servers/posix/cgroup.ts";
import { V8_FLAGS } from "../servers/v8_flags.ts";

const ROOT = new URL("..", import.meta.url).pathname;

/** One line of JSON. */
export type Event = { readonly event: string } & Readonly<Record<string, unknown>>;

/** The subprocess ended, or said nothing for too long, while something was expected of it. */
export class SubprocessError extends Error {
  override name = "SubprocessError";
}

/** It said nothing for longer than it may. */
export class TimeLimitError extends SubprocessError {
  override name = "TimeLimitError";
}

/** A running subprocess. Dispose of it: nothing of it outlives its owner. */
export class Subprocess implements AsyncDisposable {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #events: AsyncIterator<Event>;
  readonly #complaints: Promise<string>;

  /** Starts a command of Herd, such as `servers/serve.ts`, which will end with this process. */
  constructor(script: string, args: readonly string[]) {
    this.#name = script;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        V8_FLAGS,
        "--allow-ffi",
        `--allow-read=${ROOT}`,
        `${ROOT}${script}`,
        ...args,
        "--json",
        "--owner",
        String(Deno.pid),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#events = readEvents(this.#child.stdout);
    this.#complaints = new Response(this.#child.stderr).text();
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The next event of that name, others skipped. @throws {SubprocessError} if it does not come. */
  async next(name: string, limitSeconds: number): Promise<Event> {
    let timer;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new TimeLimitError(`${this.#name} did not say "${name}" in ${limitSeconds} s`));
      }, limitSeconds * 1000);
    });
    try {
      return await Promise.race([this.#find(name), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #find(name: string): Promise<Event> {
    for (;;) {
      const { value, done } = await this.#events.next();
      if (done) throw new SubprocessError(await this.#lastWords());
      if (value.event === name) return value;
    }
  }

  /** What it complained of, if it failed. Waits for its end. */
  async complaint(): Promise<string | null> {
    const { success } = await this.#child.status;
    return success ? null : await this.#lastWords();
  }

  async #lastWords(): Promise<string> {
    const { code, signal } = await this.#child.status;
    // Below the message of an error that nobody caught stands where it was thrown, indented.
    const said = (await this.#complaints).split("\n").filter((line) => /^\S/.test(line));
    const complaint = said.at(-1);
    return complaint || `${this.#name} ended ${signal ? `by ${signal}` : `with exit code ${code}`}`;
  }

  /** Writes a line to its standard input. @throws {SubprocessError} if it has ended. */
  async say(line: string): Promise<void> {
    try {
      await this.#input.write(new TextEncoder().encode(line + "\n"));
    } catch {
      throw new SubprocessError(await this.#lastWords());
    }
  }

  /** Sends a signal; that it has ended already is no error. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Asks it to end, and makes it after five seconds; waits until it has. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), 5000);
    await this.#child.status;
    clearTimeout(timer);
    // A host removes its own, unless it is killed.
    removeCgroupOf(this.#child.pid);
    await this.#input.abort().catch(() => {});
    await this.#events.return?.();
    await this.#complaints;
  }
}

async function* readEvents(stdout: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  let text = "";
  for await (const chunk of stdout.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (text + chunk).split("\n");
    text = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}
