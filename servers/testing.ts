/**
 * What the tests of servers share: a server started as `deno task serve` starts it, a client, and
 * children that end.
 *
 * The client blocks, and with it the test; what it talks to are other processes.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import type { Report } from "./host/account.ts";
import type { Status } from "./children/status.ts";
import type { Design } from "./design.ts";
import { linesOf } from "./host/lines.ts";
import { boundAddress, internetAddress } from "./posix/addresses.ts";
import { pipe, sendDescriptor } from "./posix/descriptors.ts";
import { fileStatus } from "./posix/files.ts";
import { fork } from "./posix/fork.ts";
import { close, read, write } from "./posix/io.ts";
import { affinity, type ExitStatus, getpid, kill, wait, waitForExit } from "./posix/processes.ts";
import { spawn } from "./posix/programs.ts";
import { Signal } from "./posix/signals.ts";
import {
  connect,
  listen,
  shutDownWrite,
  socketPair,
  socketTimeout,
  streamSocket,
} from "./posix/sockets.ts";
import { pathAddress } from "./transports/stream.ts";

/** The longest a test waits for anything before it fails. */
const PATIENCE_SECONDS = 10;

const ROOT = new URL("..", import.meta.url);

/** The arguments with which `deno task` calls Deno, whose wrapper would not pass signals on. */
const denoArguments = (task: "serve" | "sserver") => config.tasks[task].command.split(" ").slice(1);

/** How a process ended, and what it had printed since it was last read from. */
export interface Outcome {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** The command `serve` (or another), running. Nothing of it outlives the block that uses it. */
export class ServeProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string, void>;
  readonly #stderr: Promise<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  /** Its processes by number and start time, which together are never used again. */
  readonly #seen = new Set<string>();

  /** Starts it; `via` is a program that is given the command line to run. */
  constructor(
    args: readonly string[],
    via: readonly string[] = [],
    task: "serve" | "sserver" = "serve",
  ) {
    const [program, ...rest] = [...via, Deno.execPath(), ...denoArguments(task), ...args];
    this.#process = new Deno.Command(program!, {
      args: rest,
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = linesOf(this.#process.stdout);
    this.#stderr = this.#process.stderr.text();
    this.#input = this.#process.stdin.getWriter();
  }

  /** The process started, which with `via` is not the host. */
  get pid(): number {
    return this.#process.pid;
  }

  /** The next line on standard output; undefined at the end, which comes once all its processes ended. */
  async nextLine(): Promise<string | undefined> {
    return (await inTime("the next line", this.#lines.next())).value ?? undefined;
  }

  /** Writes a line to standard input. */
  async tell(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for its end, and that of everyone it shares its output with. */
  async ended(): Promise<Outcome> {
    const lines: string[] = [];
    for (let line; (line = await this.nextLine()) !== undefined;) lines.push(line);
    const { code, signal } = await inTime("the end of serve", this.#process.status);
    return { code, signal, lines, stderr: await this.#stderr };
  }

  /** The processes it consists of; those seen before are known again, whoever is their parent now. */
  async processes(): Promise<number[]> {
    const living = (await allProcesses()).filter(({ state }) => state !== "Z");
    const isFirst = ({ pid, parent }: Process) => pid === this.pid && parent === Deno.pid;
    const isOurs = (process: Process) => this.#seen.has(process.id) || isFirst(process);
    const ours = new Set(living.filter(isOurs).map(({ pid }) => pid));
    // A process may have a smaller number than its parent: look until there are no more.
    for (let count = -1; count < ours.size;) {
      count = ours.size;
      for (const { pid, parent } of living) if (ours.has(parent)) ours.add(pid);
    }
    for (const { pid, id } of living) if (ours.has(pid)) this.#seen.add(id);
    return living.filter(isOurs).map(({ pid }) => pid);
  }

  /** Its processes after so many seconds, or none as soon as there are none. */
  async processesAfter(seconds: number): Promise<number[]> {
    const end = performance.now() + 1000 * seconds;
    for (;;) {
      const pids = await this.processes();
      if (pids.length === 0 || performance.now() > end) return pids;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The host first: what it leaves to others to clear away, they can.
    if ((await this.processes()).includes(this.pid)) kill(this.pid, Signal.KILL);
    for (const pid of await this.processesAfter(1)) kill(pid, Signal.KILL);
    await this.#input.close().catch(() => {});
    await this.ended();
  }
}

/**
 * Runs a command line, given behind it, on a terminal of its own (script(1)): what it prints comes out of
 * standard output, with CR LF at the ends of lines, and what it is told is typed, ^C included.
 */
export const IN_TERMINAL: readonly string[] = [
  "/bin/sh",
  "-c",
  'exec script --quiet --return --command "stty cols 100 rows 30; exec $*" /dev/null',
  "sh",
];

/** ^C as it is typed. */
export const CONTROL_C = "\x03";

interface Process {
  readonly id: string;
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
}

/** Every process there is (proc_pid_stat(5)); a shell lists them, as Deno may not. */
async function allProcesses(): Promise<Process[]> {
  const args = ["-c", "cat /proc/[0-9]*/stat 2>/dev/null"];
  const { stdout } = await new Deno.Command("/bin/sh", { args }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => {
    const [state, parent, ...rest] = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const pid = parseInt(line);
    return { id: `${pid} ${rest[17]}`, pid, parent: Number(parent), state: state! };
  });
}

/** What the promise gives, if it does so in time. */
export async function inTime<T>(
  what: string,
  promise: Promise<T>,
  seconds = PATIENCE_SECONDS,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const message = `Cannot wait longer than ${seconds} s for ${what}`;
  const timer = setTimeout(() => reject(new Error(message)), 1000 * seconds);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What `serve --json` prints. */
export type ServeEvent =
  | { event: "ready"; design: string; pid: number; host: string; port: number; path?: string }
  | { event: "marked" }
  | { event: Exclude<Status["kind"], "ready">; index: number; pid: number }
  | { event: "report" } & Report;

/** A server that is ready. */
export class RunningServer extends ServeProcess {
  #ready: ServeEvent & { event: "ready" } | undefined;

  /** What it printed first. */
  get ready(): ServeEvent & { event: "ready" } {
    return this.#ready!;
  }

  get port(): number {
    return this.ready.port;
  }

  /** Where clients connect: its port, or its path. */
  get place(): number | string {
    return this.ready.path ?? this.ready.port;
  }

  /** The next event, or undefined at the end. */
  async next(): Promise<ServeEvent | undefined> {
    const line = await this.nextLine();
    return line === undefined ? undefined : JSON.parse(line);
  }

  async waitUntilReady(): Promise<void> {
    const event = await this.next();
    if (event?.event === "ready") this.#ready = event;
    else throw new Error(`serve did not get ready: ${(await this.ended()).stderr}`);
  }

  /** Starts the account afresh. */
  async mark(): Promise<void> {
    await this.tell("mark");
    const event = await this.next();
    if (event?.event !== "marked") throw new Error(`serve did not mark: ${JSON.stringify(event)}`);
  }

  /** Ends it. The report is undefined where there was none. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Outcome & { report?: Report }> {
    this.signal(signal);
    const outcome = await this.ended();
    const events: ServeEvent[] = outcome.lines.map((line) => JSON.parse(line));
    const report = events.find((event) => event.event === "report");
    return report ? { ...outcome, report } : outcome;
  }
}

/** How a server is started. */
export interface ServerOptions {
  /** Children of a pool. */
  readonly children?: number;
  /** More arguments of `serve`. */
  readonly args?: readonly string[];
  /** A program, and its arguments, that is given the command line to run. */
  readonly via?: readonly string[];
}

/** The children that a pool has of which `wanted` are wanted: a launcher has one for each processor. */
export function poolSize({ children }: Design, wanted: number): number {
  return children === "exec" ? affinity().length : wanted;
}

/** Starts a server on a port of its own and waits until it is ready. */
export async function startServer(
  design: string,
  { children = 2, args = [], via = [] }: ServerOptions = {},
): Promise<RunningServer> {
  const all = [design, "--port", "0", "--json", "--children", String(children), ...args];
  await using starting = new AsyncDisposableStack();
  const server = starting.use(new RunningServer(all, via));
  await server.waitUntilReady();
  starting.move();
  return server;
}

/** A port that nobody listens on. */
export function freePort(): number {
  const listener = listen(internetAddress("127.0.0.1", 0), "find a port");
  using _ = closing(listener);
  return boundAddress(listener).port;
}

/** One connection to a server: at a port of 127.0.0.1, or at a path. */
export class Connection implements Disposable {
  readonly #fd: number;

  constructor(place: number | string) {
    const address = typeof place === "number"
      ? internetAddress("127.0.0.1", place)
      : pathAddress(place);
    this.#fd = streamSocket(address, socketTimeout(PATIENCE_SECONDS));
    connect(this.#fd, address);
  }

  /** Sends the text in one write. */
  send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const sent = write(this.#fd, bytes, bytes.length);
    if (sent < bytes.length) throw new Error(`only ${sent} of ${bytes.length} bytes were sent`);
  }

  /** Receives that many bytes, or fewer where the server closes before. */
  receive(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let received = 0;
    for (let count = 1; received < length && count > 0; received += count) {
      count = read(this.#fd, bytes.subarray(received));
    }
    return bytes.subarray(0, received);
  }

  /** Says that no request will follow. */
  shutDownWrite(): void {
    shutDownWrite(this.#fd);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

/** Sends the text on a connection of its own and receives that many bytes, or fewer; then closes. */
export function ask(place: number | string, text: string, length: number): Uint8Array<ArrayBuffer> {
  using connection = new Connection(place);
  connection.send(text);
  return connection.receive(length);
}

/** Starts an sserver that inherits a channel; our end of it, and its process. */
export function startAtChannel(...args: string[]): { channel: number; pid: number } {
  const [channel, theirs] = socketPair();
  const all = [...denoArguments("sserver"), `--channel=${theirs}`, ...args];
  const pid = spawn(Deno.execPath(), all, [theirs]);
  close(theirs);
  return { channel, pid };
}

/** Passes a new client to a server at a channel; the client's end of the connection. */
export function passClient(channel: number): number {
  const [client, theirs] = socketPair();
  sendDescriptor(channel, theirs);
  close(theirs);
  return client;
}

/** Closes descriptors at the end of the block that uses it. */
export function closing(...descriptors: number[]): Disposable {
  return { [Symbol.dispose]: () => descriptors.forEach(close) };
}

/** Waits for a child; one that does not end is killed, and says so by its signal. */
export function waitFor(pid: number): ExitStatus {
  if (!waitForExit(pid, 1000 * PATIENCE_SECONDS)) kill(pid, Signal.KILL);
  return wait(pid)!;
}

/** Forks a child that runs `body`, and waits for it. */
export function inChild(body: () => number | void): ExitStatus {
  return waitFor(fork(body));
}

/** Forks a child, and returns once it says that it is ready. */
export function forkReady(body: (ready: () => void) => number | void): number {
  const [output, input] = pipe();
  using _ = closing(output);
  const byte = new Uint8Array(1);
  const pid = fork(() => body(() => write(input, byte, 1)));
  close(input);
  if (read(output, byte) === 0) throw new Error("the child ended before it was ready");
  return pid;
}

/** What a child does that waits to be killed; it ends by itself where a test forgets it. */
export function sleep(): void {
  waitForExit(getpid(), 1000 * PATIENCE_SECONDS);
}

/** Waits until there is nothing at a path; false where that takes too long. */
export function isGone(path: string): boolean {
  for (const end = performance.now() + 1000 * PATIENCE_SECONDS; performance.now() < end;) {
    if (fileStatus(path) === undefined) return true;
    waitForExit(getpid(), 1); // sleeps
  }
  return false;
}

/** Runs a program of its own Deno process, with an event loop, in this directory; `via` a program. */
export async function evaluate(program: string, via: readonly string[] = []): Promise<
  Pick<Outcome, "code" | "stderr"> & {
    readonly stdout: string;
  }
> {
  const [command, ...rest] = [...via, Deno.execPath()];
  const { code, stdout, stderr } = await new Deno.Command(command!, {
    args: [...rest, "eval", "--ext=ts", "--v8-flags=--single-threaded", program],
    cwd: new URL(".", import.meta.url),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}
