/**
 * What the tests of commands share: a command run as its task in deno.json runs it, with the same
 * permissions, and a look at the processes that belong to it.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { linesOf } from "../servers/host/lines.ts";
import { tryReadText } from "../servers/posix/files.ts";
import { kill } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { IN_TERMINAL, inTime } from "../servers/testing.ts";

/** The checkout. */
export const ROOT = new URL("..", import.meta.url).pathname;

/** The longest a test waits for anything before it fails. */
const PATIENCE_SECONDS = 60;

/** How a command ended, and what it had printed since it was last read from. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that belongs to a command. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly commandLine: string;
}

/** A task that is a command of Herd. */
export type Task = Exclude<keyof typeof config.tasks, "test" | "ok">;

/** A command, running. Nothing of it outlives the block that uses it. */
export class RunningTask implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string, void>;
  readonly #stderr: Promise<string>;
  readonly #mark = `HERD_TEST_TASK=${crypto.randomUUID()}`;

  /**
   * Starts a task, without `deno task`, which would not pass signals on; `via` is a program that is given
   * the command line to run.
   */
  constructor(task: Task, args: readonly string[], via: readonly string[] = []) {
    const [, ...flags] = config.tasks[task].command.replaceAll("$INIT_CWD", ROOT).split(" ");
    const [name, value] = this.#mark.split("=") as [string, string];
    const [program, ...rest] = [...via, Deno.execPath(), ...flags, ...args];
    this.#process = new Deno.Command(program!, {
      args: rest,
      cwd: ROOT,
      env: { [name]: value, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = linesOf(this.#process.stdout);
    this.#stderr = this.#process.stderr.text();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Its next line on standard output; undefined at the end. */
  async nextLine(): Promise<string | undefined> {
    return (await inTime("the next line", this.#lines.next(), PATIENCE_SECONDS)).value ?? undefined;
  }

  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Waits for its end, and that of everyone it shares its output with. */
  async ended(): Promise<Outcome> {
    let stdout = "";
    for (let line; (line = await this.nextLine()) !== undefined;) stdout += `${line}\n`;
    const { code } = await inTime("the end", this.#process.status, PATIENCE_SECONDS);
    return { code, stdout, stderr: await this.#stderr };
  }

  /** Its processes, whoever their parents are by now: all that inherited its environment. */
  async processes(): Promise<Process[]> {
    const script = 'grep -ls "$0" /proc/[0-9]*/environ';
    const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", script, this.#mark] })
      .output();
    return new TextDecoder().decode(stdout).split("\n").flatMap((path) =>
      path ? lookAt(Number(path.split("/")[2])) : []
    );
  }

  /** What `find` finds among its processes, as soon as it finds something. */
  async find<T>(find: (processes: readonly Process[]) => T | undefined): Promise<T> {
    for (const end = performance.now() + 1000 * PATIENCE_SECONDS; performance.now() < end;) {
      const found = find(await this.processes());
      if (found !== undefined) return found;
    }
    throw new Error(`Cannot find its processes: gave up after ${PATIENCE_SECONDS} s`);
  }

  /** Its processes after so many seconds, or none as soon as there are none. */
  async processesAfter(seconds: number): Promise<Process[]> {
    for (const end = performance.now() + 1000 * seconds;;) {
      const processes = await this.processes();
      if (processes.length === 0 || performance.now() > end) return processes;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pid } of await this.processes()) kill(pid, Signal.KILL);
    await this.ended();
  }
}

/** Runs a task to its end. */
export async function runTask(
  task: Task,
  ...args: string[]
): Promise<Outcome> {
  await using running = new RunningTask(task, args);
  return await running.ended();
}

/** Runs a task to its end on a terminal, where both outputs come out of the first. */
export async function runOnTerminal(task: Task, ...args: string[]): Promise<Outcome> {
  await using running = new RunningTask(task, args, IN_TERMINAL);
  return await running.ended();
}

/** A process as /proc tells it, if it is still there. */
function lookAt(pid: number): Process[] {
  const parent = tryReadText(`/proc/${pid}/status`)?.match(/^PPid:\s+(\d+)/m)?.[1];
  const commandLine = tryReadText(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ");
  return parent && commandLine ? [{ pid, parent: Number(parent), commandLine }] : [];
}

/** A new folder, which is gone at the end of the block that uses it. */
export class TemporaryFolder implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ dir: "/tmp", prefix: "herd-test-" });

  /** Names of what is in it. */
  get names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).toSorted();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
