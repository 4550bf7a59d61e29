/**
 * Where the time goes: the system calls of a design, counted by strace(1) in an extra trial that is not
 * measured, since tracing makes each of them many times dearer.
 *
 * @module
 */
import { childrenOf, tryReadText } from "../servers/posix/files.ts";
import { UnsupportedError } from "../servers/posix/libc.ts";
import type { Plan, Trace } from "./record.ts";
import { onAbort, type Planned, startLoad, startServer } from "./trial.ts";

/** Enough to count calls per connection, since nobody measures how long they take. */
const CONNECTIONS = 200;

/** Traced, a connection takes milliseconds. */
const LIMIT_SECONDS = 120;

/** Traces every design of a plan. @throws {UnsupportedError} where there is no strace. */
export async function traceDesigns(
  plan: Plan,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (const design of plan.designs) {
    if (signal.aborted) break;
    say(`tracing ${design}`);
    const first = plan.trials.find((planned) => planned.design === design)!;
    try {
      traces.push(await traceTrial(lighter(first), plan, signal));
    } catch (error) {
      if (error instanceof UnsupportedError) throw error;
      say(`cannot trace ${design}: ${(error as Error).message}`);
    }
  }
  return traces;
}

function lighter(planned: Planned): Planned {
  const { load } = planned;
  return { ...planned, load: { ...load, connections: Math.ceil(CONNECTIONS / load.clients) } };
}

async function traceTrial(planned: Planned, plan: Plan, signal: AbortSignal): Promise<Trace> {
  const { design, load: { clients, connections } } = planned;
  await using server = startServer(planned, plan);
  using _server = onAbort(signal, () => server.signal("SIGTERM"));
  const ready = await server.next("ready", plan.limits.start);
  await using load = startLoad(planned, plan, ready);
  using _load = onAbort(signal, () => load.signal("SIGKILL"));
  await load.next("ready", plan.limits.start);
  await using strace = await Strace.attach(serversOf(server.pid));
  await load.say("go");
  await load.next("finished", LIMIT_SECONDS);
  await untilClosed(ready.port as number);
  return { design, connections: clients * connections, syscalls: parseSummary(await strace.end()) };
}

/** The state of a server's connection that its client has closed and the server has not (tcp_states.h). */
const CLOSE_WAIT = "08";
const CLOSING_MS = 1000;

/** Waits until the server, too, has closed every connection, so that all of it is traced. */
async function untilClosed(port: number): Promise<void> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const isOpen = () =>
    (tryReadText("/proc/thread-self/net/tcp") ?? "").split("\n").some((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      return local?.endsWith(end) && state === CLOSE_WAIT;
    });
  for (const late = performance.now() + CLOSING_MS; isOpen() && performance.now() < late;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The processes that serve: the server process and its children, or the host where they are threads. */
function serversOf(host: number): number[] {
  const [server] = childrenOf(host);
  return server === undefined ? [host] : [server, ...childrenOf(server)];
}

/** strace, attached to processes. */
class Strace implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #rest: Promise<string>;

  private constructor(process: Deno.ChildProcess, rest: Promise<string>) {
    this.#process = process;
    this.#rest = rest;
  }

  /** Resolves when it follows all of them, their threads, and the children they will have. */
  static async attach(pids: readonly number[]): Promise<Strace> {
    const args = ["--summary-only", "--follow-forks", ...pids.map((pid) => `--attach=${pid}`)];
    let process;
    try {
      process = new Deno.Command("strace", { args, stdin: "null", stdout: "null", stderr: "piped" })
        .spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new UnsupportedError("Cannot trace: there is no strace here; write apt install strace");
    }
    const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (const missing = new Set(pids); missing.size > 0;) {
      const { value, done } = await reader.read();
      if (done) throw new Error(text.trim().split("\n").at(-1) ?? "strace ended");
      text += value;
      for (const [, pid] of text.matchAll(/Process (\d+) attached/g)) missing.delete(Number(pid));
    }
    return new Strace(process, readAll(reader));
  }

  /** Lets them go; what it counted is the result. */
  async end(): Promise<string> {
    this.#process.kill("SIGINT");
    await this.#process.status;
    return await this.#rest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#process.status;
    await this.#rest;
  }
}

async function readAll(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = "";
  for (let part; !(part = await reader.read()).done;) text += part.value;
  return text;
}

/** Reads strace's summary: "% time, seconds, usecs/call, calls, errors (if any), syscall". */
export function parseSummary(text: string): Trace["syscalls"] {
  const rows = text.matchAll(/^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:(\d+) +)?([a-z_]\w*)$/gm);
  return Object.fromEntries(
    [...rows].filter(([, , , name]) => name !== "total")
      .map((
        [, calls, errors, name],
      ) => [name, { calls: Number(calls), errors: Number(errors ?? 0) }]),
  );
}
