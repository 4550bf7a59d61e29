/**
 * A program of Herd that another one runs: it reads its options and requests from standard input, a line of
 * JSON each, and prints events. `servers/host/protocol.ts` describes the lines.
 *
 * @module
 */
import { V8_FLAGS } from "../../servers/children/v8_flags.ts";
import { errorOf, ExitCode, FailedError } from "../../servers/errors.ts";
import { linesOf } from "../../servers/host/lines.ts";
import type { ErrorEvent, Placement } from "../../servers/host/protocol.ts";
import { removeLeftoverCgroup } from "../../servers/posix/cgroup.ts";

/** The checkout, which a program may read. */
const ROOT = new URL("../..", import.meta.url).pathname;

/** A program ended, or said nothing for too long, while something was expected of it. */
export class AgentError extends FailedError {
  override name = "AgentError";
}

/** It said nothing for longer than it may. */
export class TimeLimitError extends AgentError {
  override name = "TimeLimitError";
}

/** Any event of a program. */
type AnyEvent = { readonly event: string };

/** What starts a program. */
export interface Start<Event extends AnyEvent> {
  /** What it is called in messages. */
  readonly name: string;
  /** Its file, from the checkout. */
  readonly program: string;
  /** Its options, without the placement. */
  readonly options: object;
  readonly placement: Omit<Placement, "owner">;
  /** Checks a line that it printed. */
  readonly parse: (line: unknown) => Event | ErrorEvent;
  /** Hears of lines that are no JSON, and of events nobody waited for. */
  readonly onText?: ((line: string) => void) | undefined;
  readonly onEvent?: ((event: Event) => void) | undefined;
}

/** The arguments of Deno that run a program, which is a file of the checkout. */
export function denoArguments(program: string): string[] {
  const permissions = ["--allow-ffi", `--allow-read=${ROOT}`];
  return ["run", "--no-prompt", V8_FLAGS, ...permissions, `${ROOT}${program}`];
}

/** Who waits for an event. */
interface Waiter<Event> {
  readonly name: string;
  resolve(event: Event): void;
  reject(error: Error): void;
}

/** A running program. Dispose of it: it does not outlive its owner. */
export class Agent<Event extends AnyEvent, Request extends object> implements AsyncDisposable {
  readonly #start: Start<Event>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #stderr: Promise<string>;
  readonly #output: Promise<void>;
  readonly #unclaimed = new Map<string, Event>();
  #waiting: Waiter<Event>[] = [];
  /** Why there are no more events. */
  #end: Error | undefined;
  /** Why it ended by itself, where its last event says so. */
  #failure: string | undefined;

  constructor(start: Start<Event>) {
    const { program, options, placement } = start;
    this.#start = start;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: denoArguments(program),
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#stderr = this.#child.stderr.text();
    this.#output = this.#read();
    // Where it has ended already, whoever waits for its first event hears why.
    this.#write({ ...options, placement: { ...placement, owner: Deno.pid } }).catch(() => {});
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * The next event of that name; where it came before anyone waited, the last such.
   *
   * @throws {TimeLimitError} if it does not come in time.
   * @throws {AgentError} if the program ends before.
   * @throws {HerdError} that the program reported.
   */
  async next<Name extends Event["event"]>(
    name: Name,
    limitSeconds?: number,
  ): Promise<Extract<Event, { readonly event: Name }>> {
    type Named = Extract<Event, { readonly event: Name }>;
    const early = this.#unclaimed.get(name);
    if (early && this.#unclaimed.delete(name)) return early as Named;
    if (this.#end) throw this.#end;
    const { promise, resolve, reject } = Promise.withResolvers<Event>();
    this.#waiting.push({ name, resolve, reject });
    const timer = limitSeconds && setTimeout(() => {
      const message = `the ${this.#start.name} did not report "${name}" in ${limitSeconds} s`;
      reject(new TimeLimitError(message));
    }, limitSeconds * 1000);
    try {
      return await promise as Named;
    } finally {
      clearTimeout(timer);
      this.#waiting = this.#waiting.filter((waiter) => waiter.resolve !== resolve);
    }
  }

  /** Reads what it prints, until its end. */
  async #read(): Promise<void> {
    try {
      for await (const line of linesOf(this.#child.stdout)) {
        if (!line.startsWith("{")) {
          this.#start.onText?.(line);
          continue;
        }
        const event = this.#start.parse(JSON.parse(line));
        if (isError(event)) this.#fail(await this.#reported(event));
        else this.#deliver(event);
      }
      this.#fail(new AgentError(await this.#reasonOfEnd()));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** The error that an event reports. The stack of a bug is what the program printed besides. */
  async #reported({ exitCode, message, option }: ErrorEvent): Promise<Error> {
    const error = errorOf(exitCode, message, option);
    if (exitCode === ExitCode.bug) error.stack = (await this.#stderr).trimEnd();
    return error;
  }

  #deliver(event: Event): void {
    if ("failure" in event && typeof event.failure === "string") this.#failure = event.failure;
    const waiter = this.#waiting.find(({ name }) => name === event.event);
    if (waiter) return waiter.resolve(event);
    this.#unclaimed.set(event.event, event);
    this.#start.onEvent?.(event);
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting) reject(this.#end);
  }

  /** Why it ended, where it failed; null where it did not. Waits for its end. */
  async failure(): Promise<string | null> {
    const { success } = await this.#child.status;
    return success ? null : await this.#reasonOfEnd();
  }

  async #reasonOfEnd(): Promise<string> {
    const { code, signal } = await this.#child.status;
    if (this.#failure !== undefined) return this.#failure;
    // Below the message of an error that nobody caught stands where it was thrown, indented.
    const lines = (await this.#stderr).split("\n").filter((line) => /^\S/.test(line));
    return lines.at(-1) ??
      `the ${this.#start.name} ${
        signal ? `was killed by ${signal}` : `ended with exit code ${code}`
      }`;
  }

  /** Sends a request. @throws {AgentError} if the program has ended. */
  async send(request: Request): Promise<void> {
    try {
      await this.#write(request);
    } catch {
      throw new AgentError(await this.#reasonOfEnd());
    }
  }

  async #write(line: object): Promise<void> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(line) + "\n"));
  }

  /** Sends a signal; that it has ended already is no error. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Asks it to end, and kills it after five seconds; waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), 5000);
    await this.#child.status;
    clearTimeout(timer);
    // A host removes its own, unless it is killed.
    removeLeftoverCgroup(this.#child.pid);
    await this.#input.abort().catch(() => {});
    await this.#output;
    await this.#stderr;
  }
}

function isError(event: AnyEvent): event is ErrorEvent {
  return event.event === "error";
}
