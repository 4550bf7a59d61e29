/**
 * Starts a program of Herd and speaks its protocol: options and requests go to its standard input, a line of
 * JSON each, and events come from its standard output. `servers/host/protocol.ts` describes the lines.
 *
 * @module
 */
import { programArguments } from "../../servers/children/v8_flags.ts";
import { errorOf, ExitCode, FailedError } from "../../servers/errors.ts";
import { linesOf } from "../../servers/host/lines.ts";
import type { ErrorEvent, Placement } from "../../servers/host/protocol.ts";
import { removeLeftoverCgroup } from "../../servers/posix/cgroup.ts";
import { kill } from "../../servers/posix/processes.ts";
import { keepEndedChildren, Signal } from "../../servers/posix/signals.ts";

/** A program ended, or did not answer in time. */
export class AgentError extends FailedError {
  override name = "AgentError";
}

/** A program did not answer in time. */
export class TimeLimitError extends AgentError {
  override name = "TimeLimitError";
}

/** Any event of a program. */
type AnyEvent = { readonly event: string };

/** How to start a program. */
export interface Start<Event extends AnyEvent> {
  /** Its name in messages. */
  readonly name: string;
  /** Path of its file in the checkout. */
  readonly program: string;
  /** Its options without the placement. */
  readonly options: object;
  readonly placement: Omit<Placement, "owner">;
  /** A cgroup that it makes. It removes it itself, unless it is killed. */
  readonly cgroup?: string | undefined;
  /** Checks a parsed line of its output. */
  readonly parse: (line: unknown) => Event | ErrorEvent;
  /** Receives lines that are not JSON, and events that nobody waits for. */
  readonly onText?: ((line: string) => void) | undefined;
  onEvent?(event: Event): void;
}

/**
 * The arguments of Deno that run a program, which is a file of the checkout. It may read every file, since a
 * list of folders cannot have one with a comma.
 */
export function denoArguments(program: string): string[] {
  return programArguments(new URL(`../../${program}`, import.meta.url).href, "--allow-read");
}

/** How long a program may take to end, in seconds, once it is to end or has nothing more to say. */
const END_LIMIT = 5;

/** A pending call of `next`. */
interface Waiter<Event> {
  readonly name: string;
  resolve(event: Event): void;
  reject(error: Error): void;
}

/** A running program. Disposing ends it. */
export class Agent<Event extends AnyEvent, Request extends object> implements AsyncDisposable {
  readonly #start: Start<Event>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #stderr: Promise<string>;
  readonly #output: Promise<void>;
  /** Resolves when it has ended, and with it everything that it started. */
  readonly #ended: Promise<Deno.CommandStatus>;
  readonly #unclaimed = new Map<string, Event>();
  #waiting: Waiter<Event>[] = [];
  /** The reason there are no more events. */
  #end: Error | undefined;
  /** The reason it ended by itself, if its last event has one. */
  #failure: string | undefined;

  constructor(start: Start<Event>) {
    const { program, options, placement } = start;
    this.#start = start;
    keepEndedChildren();
    this.#child = new Deno.Command(Deno.execPath(), {
      args: denoArguments(program),
      env: { NO_COLOR: "1" }, // its standard error is quoted
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#stderr = this.#child.stderr.text();
    this.#ended = this.#child.status.then((status) => {
      // A child that was stopped as soon as it was forked outlives it, and keeps its output open.
      this.#killAll();
      return status;
    });
    this.#output = this.#read();
    // If it has ended already, `next` reports the reason.
    this.#write({ ...options, placement: { ...placement, owner: Deno.pid } }).catch(() => {});
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for an event of that name; returns the last one if it has come already.
   *
   * @throws {TimeLimitError} if it does not come in time.
   * @throws {AgentError} if the program ends first.
   * @throws {HerdError} the error that the program reported.
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

  /** Reads its output to the end. */
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

  /** The error in an event. A program prints the stack of a bug to standard error. */
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

  /** Waits for its end; kills it after that many seconds. Returns the reason if it failed, else null. */
  async failure(limitSeconds: number): Promise<string | null> {
    const { name } = this.#start;
    const status = await this.#endIn(limitSeconds);
    if (status === undefined) return `the ${name} did not end in ${limitSeconds} s`;
    return status.success ? null : await this.#reasonOfEnd();
  }

  /** Waits for its end; kills it after that many seconds, and returns undefined. */
  async #endIn(seconds: number): Promise<Deno.CommandStatus | undefined> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.signal("SIGKILL");
    }, seconds * 1000);
    const status = await this.#ended;
    clearTimeout(timer);
    return isLate ? undefined : status;
  }

  /** Kills all that it started: they are in its process group, which is there for as long as one of them. */
  #killAll(): void {
    kill(-this.#child.pid, Signal.KILL);
  }

  async #reasonOfEnd(): Promise<string> {
    await this.#endIn(END_LIMIT);
    const { code, signal } = await this.#ended;
    if (this.#failure !== undefined) return this.#failure;
    // The last line without indentation: below the message of an uncaught error is its stack.
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

  /** Sends a signal, unless it has ended already. */
  signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Sends SIGTERM, and SIGKILL after five seconds; waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    await this.#endIn(END_LIMIT);
    if (this.#start.cgroup !== undefined) removeLeftoverCgroup(this.#start.cgroup);
    await this.#input.abort().catch(() => {});
    await this.#output;
    await this.#stderr;
  }
}

function isError(event: AnyEvent): event is ErrorEvent {
  return event.event === "error";
}
