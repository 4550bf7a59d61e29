/**
 * What the tests of channels share: servers and clients that are forked processes, and do not outlive the
 * block that uses them.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { SystemError } from "../posix/errors.ts";
import { readText } from "../posix/files.ts";
import { Message } from "../posix/messages.ts";
import { shareMemory } from "../posix/memory.ts";
import { type Ended, kill, wait } from "../posix/processes.ts";
import { type SocketAddress, SocketType, tryConnect, unconnected } from "../posix/sockets.ts";
import { endAfter, Signal } from "../posix/signals.ts";
import { pause } from "../posix/threads.ts";
import { linesOf } from "../lines.ts";
import { closing, forkReady, inTime } from "../testing.ts";
import { channelCreate } from "./channel.ts";
import { msgReceive } from "./receive.ts";
import { msgReply } from "./reply.ts";
import { resmgrAttach } from "./resource_manager.ts";

/** The longest a process of a test lives. */
const PATIENCE_SECONDS = 30;

/** A forked process. */
export class Forked implements Disposable {
  readonly pid: number;
  #ended: Ended | undefined;

  /** Returns once `body` has called `ready`. */
  constructor(body: (ready: () => void) => number | void) {
    this.pid = forkReady((ready) => {
      endAfter(PATIENCE_SECONDS); // where the test is blocked and cannot end it
      return body(ready);
    });
  }

  /** Kills it, as `kill -9` does, and waits for its end. */
  kill(): Ended {
    kill(this.pid, Signal.KILL);
    return this.ended();
  }

  /** Stops it, as ^Z does, until `resume`. */
  stop(): void {
    kill(this.pid, Signal.STOP);
    until("it is stopped", () => stateOf(this) === "T");
  }

  resume(): void {
    kill(this.pid, Signal.CONT);
  }

  /** Waits for its end. */
  ended(): Ended {
    this.#ended ??= wait(this.pid)!;
    return this.#ended;
  }

  [Symbol.dispose](): void {
    if (!this.#ended) this.kill();
  }
}

/** Another thread of this process. */
export class Thread implements Disposable {
  readonly #worker = new Worker(new URL("./testing_thread.ts", import.meta.url), {
    type: "module",
  });

  /** Starts it, and returns once it does what it is told: it may not begin while this thread is blocked. */
  static async start(): Promise<Thread> {
    const thread = new Thread();
    await thread.run("");
    return thread;
  }

  /**
   * Runs the body of a function there, which has all of `channel`, `gettid`, and `data`: nothing else of
   * this test. What it returns is the result.
   */
  run(body: string, data: unknown = undefined): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#worker.onmessage = ({ data }: MessageEvent<{ result?: unknown; error?: Error }>) =>
      data.error ? reject(data.error) : resolve(data.result);
    this.#worker.postMessage({ body, data });
    return inTime("a thread", promise, PATIENCE_SECONDS);
  }

  /** Ends it, once it does nothing. */
  end(): void {
    this.#worker.terminate();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

/** A process with a channel, which others find by process and channel number. */
export function channelOf(
  flags: number,
  serve: (chid: number) => number | void,
): Forked & { chid: number } {
  const shared = sharedNumbers(1);
  const server = new Forked((ready) => {
    const chid = shared[0] = channelCreate(flags);
    ready();
    return serve(chid);
  });
  return Object.assign(server, { chid: shared[0]! });
}

const buffer = new Uint8Array(1024);

/** Replies to each message with its own bytes, and their number as status. */
export function echo(chid: number): never {
  for (;;) {
    const { rcvid, pulse, info } = msgReceive(chid, buffer);
    if (!pulse) msgReply(rcvid, info.msglen, buffer.subarray(0, info.msglen));
  }
}

/** A process with a resource manager that keeps, for each that opens it, what was written last. */
export function keeper(path: string): Forked {
  return new Forked((ready) => {
    const manager = resmgrAttach(path, {
      open: () => ({ kept: new Uint8Array() }),
      read: (handle, length) => handle.kept.slice(0, length),
      write: (handle, bytes) => (handle.kept = bytes.slice()).length,
      message: ({ kept }, bytes) => ({ status: kept.length, bytes: bytes.slice().reverse() }),
    });
    ready();
    for (;;) manager.handle();
  });
}

/** Sends something over a raw connection; whether it is cut off. */
export function isCutOff(address: SocketAddress, bytes: Uint8Array): boolean {
  const socket = unconnected(address, SocketType.messages);
  using _ = closing(socket);
  if (tryConnect(socket, address) !== 0) return true;
  const packet = new Message(100, 0);
  packet.data.set(bytes);
  packet.length = bytes.length;
  packet.send(socket);
  return packet.receive(socket) === "closed";
}

/** Asserts that a call fails with that error number. */
export function assertErrno(errno: number, call: () => unknown): void {
  assertEquals(assertThrows(call, SystemError).errno, errno);
}

/** The state of a process (proc_pid_stat(5)). */
export function stateOf({ pid }: Forked): string {
  return readText(`/proc/${pid}/stat`).match(/\) (\S)/)![1]!;
}

/** Waits until a process sleeps, as one does whose message is not replied to. */
export function blocked(process: Forked): void {
  until("it is blocked", () => stateOf(process) === "S");
}

/** Numbers that forked processes share. */
export function sharedNumbers(count: number): Int32Array<ArrayBuffer> {
  return new Int32Array(shareMemory(4 * count).buffer);
}

/** Waits until something is so. */
export function until(what: string, isSo: () => boolean): void {
  for (const end = performance.now() + 1000 * PATIENCE_SECONDS; !isSo();) {
    if (performance.now() > end) throw new Error(`Cannot wait any longer until ${what}`);
    pause(1);
  }
}

/** A name that nobody else uses. */
export function uniqueName(): string {
  return `test-${crypto.randomUUID()}`;
}

/** The bytes of a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The text of bytes, up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, "");
}

/** How a task is run. */
export interface TaskOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** A program, and its arguments, that is given the command line to run. */
  readonly via?: readonly string[];
}

/** A task that serves, as `deno task` starts it. It does not outlive the block that uses it. */
export class ServingTask implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #stderr: Promise<string>;
  /** What it printed first; nothing where it ended instead. */
  ready = "";

  private constructor(task: keyof typeof config.tasks, args: readonly string[], how: TaskOptions) {
    this.#process = taskCommand(task, args, how).spawn();
    this.#lines = linesOf(this.#process.stdout);
    this.#stderr = this.#process.stderr.text();
  }

  /** Starts it and waits until it is ready. */
  static async start(
    task: keyof typeof config.tasks,
    args: readonly string[],
    how: TaskOptions = {},
  ): Promise<ServingTask> {
    const running = new ServingTask(task, args, how);
    running.ready = (await inTime(task, running.#lines.next(), PATIENCE_SECONDS)).value ?? "";
    return running;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Sends a signal and waits for its end. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<{ code: number; stderr: string }> {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended.
    }
    const { code } = await inTime("the end of a task", this.#process.status, PATIENCE_SECONDS);
    return { code, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    await this.#lines.return(undefined);
  }
}

/** Runs a task to its end. */
export async function runTask(task: keyof typeof config.tasks, ...args: string[]) {
  const { code, stdout, stderr } = await taskCommand(task, args, {}).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function taskCommand(
  task: keyof typeof config.tasks,
  args: readonly string[],
  { env = {}, via = [] }: TaskOptions,
): Deno.Command {
  const [, ...flags] = config.tasks[task].command.replaceAll("$INIT_CWD", "/tmp").split(" ");
  const [program, ...rest] = [...via, Deno.execPath(), ...flags, ...args];
  return new Deno.Command(program!, {
    args: rest,
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}
