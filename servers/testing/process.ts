/**
 * A process that a test starts, and all that it starts in turn: what they print, which they are, and their
 * end.
 *
 * @module
 */
import { linesOf } from "../host/lines.ts";
import { namesIn, tryReadText } from "../posix/files.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { isLong } from "./long.ts";

/** The checkout; ends in a slash. */
export const ROOT = import.meta.dirname!.slice(0, -"servers/testing".length);

/** The longest a test waits for anything before it fails. */
export const PATIENCE_SECONDS = isLong ? 180 : 60;

/** How long processes may take to notice that they are to end. */
export const NOTICE_SECONDS = 5;

/** Between two looks at what a test waits for. */
const POLL_MS = 2;

/** How a process ended, and what it had printed since it was last read from. */
export interface Outcome {
  /** Its exit code; of a process that a signal ended, 128 and the number of the signal. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A living process of a `ProcessTree`. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

/** A process and all that it starts, whoever is their parent by now: all that inherit a mark. */
export class ProcessTree {
  readonly #mark = `HERD_TEST=${crypto.randomUUID()}`;
  /** Processes that were there before. */
  readonly #others = new Set(allProcesses());

  /** The variable of the environment that is the mark. */
  get environment(): Record<string, string> {
    const [name, value] = this.#mark.split("=");
    return { [name!]: value! };
  }

  /** Those that live. */
  processes(): Process[] {
    return allProcesses().flatMap((pid) => {
      if (this.#others.has(pid)) return [];
      if (!tryReadText(`/proc/${pid}/environ`)?.includes(this.#mark)) return [];
      const parent = tryReadText(`/proc/${pid}/status`)?.match(/^PPid:\s+(\d+)/m)?.[1];
      const commandLine = tryReadText(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ");
      return parent && commandLine ? [{ pid, parent: Number(parent), commandLine }] : [];
    });
  }

  /** What `find` finds among them, as soon as it finds something. */
  find<T>(find: (processes: readonly Process[]) => T | undefined): Promise<T> {
    return eventually("its processes", () => find(this.processes()));
  }

  /** Those that live after so many seconds, or none as soon as there are none. */
  async left(seconds = NOTICE_SECONDS): Promise<Process[]> {
    for (const end = performance.now() + 1000 * seconds;;) {
      const processes = this.processes();
      if (processes.length === 0 || performance.now() > end) return processes;
      await pause();
    }
  }

  /** Kills all, first the one that they all come from: what it leaves to others to clear away, they can. */
  async killAll(first: number): Promise<void> {
    if (this.processes().some(({ pid }) => pid === first)) kill(first, Signal.KILL);
    for (const { pid } of await this.left(1)) kill(pid, Signal.KILL);
  }
}

/** Every process of this machine. */
function allProcesses(): number[] {
  return namesIn("/proc").map(Number).filter((pid) => pid > 0);
}

/** How a process is started. */
export interface Start {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A process, running. Nothing of it outlives the block that uses it. */
export class RunningProcess extends ProcessTree implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string, void>;
  readonly #stderr: Promise<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  /** Starts a program. */
  constructor([program, ...args]: readonly string[], { cwd = ROOT, env = {} }: Start = {}) {
    super();
    this.#process = new Deno.Command(program!, {
      args,
      cwd,
      env: { ...this.environment, NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = linesOf(this.#process.stdout);
    this.#stderr = this.#process.stderr.text();
    this.#input = this.#process.stdin.getWriter();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** The next line on standard output; undefined at the end, which comes once all its processes ended. */
  async nextLine(): Promise<string | undefined> {
    return (await inTime("the next line", this.#lines.next())).value ?? undefined;
  }

  /** Writes a line to standard input. */
  async write(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Ends standard input. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Sends it a signal; that it has ended already is no error. */
  signal(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Waits for its end, and that of everyone it shares its output with. */
  async ended(): Promise<Outcome> {
    let stdout = "";
    for (let line; (line = await this.nextLine()) !== undefined;) stdout += `${line}\n`;
    const { code } = await inTime("the end of a process", this.#process.status);
    return { code, stdout, stderr: await this.#stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killAll(this.pid);
    await this.#input.close().catch(() => {});
    await this.ended();
  }
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

/** What `find` finds, as soon as it finds something. */
export async function eventually<T>(what: string, find: () => T | undefined): Promise<T> {
  for (const end = performance.now() + 1000 * PATIENCE_SECONDS; performance.now() < end;) {
    const found = find();
    if (found !== undefined) return found;
    await pause();
  }
  throw new Error(`Cannot find ${what}: gave up after ${PATIENCE_SECONDS} s`);
}

/** Whether a command exits with 0; not if there is no such program. */
export async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Lets other things happen for a moment. */
export function pause(milliseconds = POLL_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
