/**
 * Programs that count system calls of other processes: strace(1), or perf-trace(1) if there is no strace.
 *
 * @module
 */
import { hasExited, tryReadText } from "../../servers/posix/files.ts";
import { UnsupportedError } from "../../servers/errors.ts";
import type { Trace } from "../record/record.ts";

type Syscalls = Trace["syscalls"];

/** A program that attaches to processes, follows their threads and children, and counts until SIGINT. */
export interface Program {
  readonly name: string;
  /** Milliseconds until it has read a call from the kernel's buffers. */
  readonly lagMs?: number;
  arguments(pids: readonly number[]): string[];
  /** Whether it follows all processes. `output` is what it has printed so far, `pid` its own process. */
  isAttached(pids: readonly number[], pid: number, output: string): boolean;
  /** Parses its summary. */
  parse(summary: string): Syscalls;
  /** What to write where it may not trace. */
  advice(): string;
}

/** The tracer may not trace. */
export class RefusedError extends Error {
  override name = "RefusedError";
}

/** How a tracer says so, in the C locale. */
const REFUSED = /not permitted|permission/i;

/** Who may trace other processes of the same user (Yama); with 1, those that let them. */
const PTRACE_SCOPE = "kernel/yama/ptrace_scope";

export const strace: Program = {
  name: "strace",
  arguments: (pids) => [
    "--summary-only",
    "--follow-forks",
    ...pids.map((pid) => `--attach=${pid}`),
  ],
  isAttached: (pids, _pid, output) => {
    const attached = new Set([...output.matchAll(/Process (\d+) attached/g)].map(([, pid]) => pid));
    return pids.every((pid) => attached.has(String(pid)) || hasExited(pid));
  },
  // "% time, seconds, usecs/call, calls, errors (if any), syscall"
  parse: (summary) =>
    sum(
      summary.matchAll(
        /^ *[\d.]+ +[\d.]+ +\d+ +(?<calls>\d+) +(?:(?<errors>\d+) +)?(?<name>[a-z_]\w*)$/gm,
      ),
    ),
  advice: () =>
    Number(tryReadText(`/proc/sys/${PTRACE_SCOPE}`) ?? 0) > 1
      ? "write sudo sysctl -w kernel.yama.ptrace_scope=1"
      : "run as root, or start the container with --cap-add SYS_PTRACE",
};

export const perf: Program = {
  name: "perf",
  lagMs: 300,
  arguments: (pids) => ["trace", "--summary", "--pid", pids.join()],
  // It prints nothing, but it waits for events once it has opened, mapped and enabled all of them.
  isAttached: (_pids, pid) =>
    tryReadText(`/proc/${pid}/wchan`)?.startsWith("poll") === true &&
    tryReadText(`/proc/${pid}/maps`)?.includes("[perf_event]") === true,
  // A table for each thread: "syscall, calls, errors, total, min, avg, max, stddev"
  parse: (summary) =>
    sum(summary.matchAll(/^ *(?<name>[a-z_]\w*) +(?<calls>\d+) +(?<errors>\d+) +[\d.]+ .*%$/gm)),
  advice: () => "run as root, or write apt install strace",
};

/** Adds up matched rows, each a system call. */
function sum(rows: Iterable<RegExpMatchArray>): Syscalls {
  const syscalls: Syscalls = {};
  for (const { groups } of rows) {
    const { name, calls, errors = 0 } = groups!;
    if (name === "total") continue;
    const all = syscalls[name!] ??= { calls: 0, errors: 0 };
    all.calls += Number(calls);
    all.errors += Number(errors);
  }
  return syscalls;
}

/** How often to check whether it is attached, and how long that, or its end, may take. */
const STEP_MS = 20;
const LIMIT_MS = 10_000;

/** A running tracer. */
export class Tracer implements AsyncDisposable {
  readonly #program: Program;
  readonly #process: Deno.ChildProcess;
  readonly #summary: Promise<void>;
  #output = "";

  /** @throws {Deno.errors.NotFound} if there is no such program. */
  private constructor(program: Program, pids: readonly number[]) {
    this.#program = program;
    const args = program.arguments(pids);
    this.#process = new Deno.Command(program.name, {
      args,
      // Its messages and numbers are read.
      env: { LC_ALL: "C" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#summary = this.#readOutput();
  }

  /** Starts a tracer; resolves when it follows all processes with their threads and future children. */
  static async attach(program: Program, pids: readonly number[]): Promise<Tracer> {
    await using starting = new AsyncDisposableStack();
    const tracer = starting.use(new Tracer(program, pids));
    let hasEnded = false;
    tracer.#process.status.then(() => hasEnded = true);
    const late = performance.now() + LIMIT_MS;
    while (!program.isAttached(pids, tracer.#process.pid, tracer.#output)) {
      if (hasEnded) {
        await tracer.#summary;
        throw tracer.#failure();
      }
      if (performance.now() > late) throw new Error(`${program.name} did not attach in time`);
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
    starting.move();
    return tracer;
  }

  /** Why it ended by itself. */
  #failure(): Error {
    const { name, advice } = this.#program;
    const lines = this.#output.trim().split("\n");
    const refusal = lines.find((line) => REFUSED.test(line));
    if (refusal === undefined) return new Error(lines.at(-1) || `${name} ended`);
    return new RefusedError(`cannot trace: ${name} may not (${refusal.trim()}); ${advice()}`);
  }

  /** Detaches from the processes, and returns the counts. */
  async end(): Promise<Syscalls> {
    await new Promise((resolve) => setTimeout(resolve, this.#program.lagMs ?? 0));
    this.#process.kill("SIGINT");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), LIMIT_MS);
    await this.#process.status;
    clearTimeout(timer);
    await this.#summary;
    return this.#program.parse(this.#output);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#process.status;
    await this.#summary;
  }

  async #readOutput(): Promise<void> {
    for await (const text of this.#process.stderr.pipeThrough(new TextDecoderStream())) {
      this.#output += text;
    }
  }
}

/** Starts the first of the programs that is installed. @throws {UnsupportedError} if none is. */
export async function attachTracer(
  pids: readonly number[],
  programs: readonly Program[] = [strace, perf],
): Promise<Tracer> {
  for (const program of programs) {
    try {
      return await Tracer.attach(program, pids);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const names = programs.map(({ name }) => name).join(" or ");
  throw new UnsupportedError(`Cannot trace: there is no ${names} here; write apt install strace`);
}
