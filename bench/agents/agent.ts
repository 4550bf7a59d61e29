/**
 * Starts a program of Herd and speaks its protocol: options and requests go to its standard input, a line of
 * JSON each, and events come from its standard output. `servers/host/protocol.ts` describes the lines.
 *
 * @module
 */
import { errorOf, ExitCode, FailedError } from "../../servers/errors.ts";
import type { ErrorEvent, Placement } from "../../servers/host/protocol.ts";
import { removeLeftoverCgroup } from "../../servers/posix/cgroup.ts";
import { type Program, startProgram } from "./program.ts";

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
  readonly #program: Program;
  readonly #output: Promise<void>;
  readonly #unclaimed = new Map<string, Event>();
  #waiting: Waiter<Event>[] = [];
  /** The reason there are no more events. */
  #end: Error | undefined;
  /** The reason it ended by itself, if its last event has one. */
  #failure: string | undefined;

  /** Starts it here, unless it was started elsewhere. */
  constructor(start: Start<Event>, program: Program = startProgram(start.program)) {
    const { options, placement } = start;
    this.#start = start;
    this.#program = program;
    this.#output = this.#read();
    // If it has ended already, `next` reports the reason.
    program.write({ ...options, placement: { ...placement, owner: Deno.pid } }).catch(() => {});
  }

  /** Its processes on this machine. */
  get pids(): readonly number[] {
    return this.#program.pids;
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
      for await (const line of this.#program.lines) {
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
    if (exitCode === ExitCode.bug) error.stack = (await this.#program.stderr).trimEnd();
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
  async #endIn(seconds: number): Promise<Awaited<Program["ended"]> | undefined> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.signal("SIGKILL");
    }, seconds * 1000);
    const status = await this.#program.ended;
    clearTimeout(timer);
    return isLate ? undefined : status;
  }

  async #reasonOfEnd(): Promise<string> {
    await this.#endIn(END_LIMIT);
    const { code, signal } = await this.#program.ended;
    if (this.#failure !== undefined) return this.#failure;
    // The last line without indentation: below the message of an uncaught error is its stack.
    const lines = (await this.#program.stderr).split("\n").filter((line) => /^\S/.test(line));
    return lines.find((line) => line.startsWith("Deno could not start")) ?? lines.at(-1) ??
      `the ${this.#start.name} ${
        signal ? `was killed by ${signal}` : `ended with exit code ${code}`
      }`;
  }

  /** Sends a request. @throws {AgentError} if the program has ended. */
  async send(request: Request): Promise<void> {
    try {
      await this.#program.write(request);
    } catch {
      throw new AgentError(await this.#reasonOfEnd());
    }
  }

  /** Sends a signal, unless it has ended already. */
  signal(signal: Deno.Signal): void {
    this.#program.signal(signal);
  }

  /** Sends SIGTERM, and SIGKILL after five seconds; waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGTERM");
    await this.#endIn(END_LIMIT);
    if (this.#start.cgroup !== undefined) removeLeftoverCgroup(this.#start.cgroup);
    await this.#program.close();
    await this.#output;
    await this.#program.stderr;
  }
}

function isError(event: AnyEvent): event is ErrorEvent {
  return event.event === "error";
}
