/**
 * The program of Herd on another machine. It starts a program there and passes its lines on, and ends it with the
 * connection: at the end of input, and when nothing was heard for some seconds.
 *
 * @module
 */
import { removeLeftoverCgroup } from "../../servers/posix/cgroup.ts";
import { monotonicNanoseconds } from "../../servers/posix/clocks.ts";
import { probeFork } from "../../servers/posix/fork.ts";
import { linesOf, standardInput } from "../../servers/host/lines.ts";
import { printEvent, printText } from "../../servers/host/standard_streams.ts";
import { readCounters } from "../machine/counters.ts";
import { readEnvironment } from "../machine/environment.ts";
import type { HostRequest } from "./host_protocol.ts";
import { type Program, startProgram } from "./program.ts";

/** A host that hears nothing for so long is on its own: the other end sends something each second. */
const SILENCE_MS = 6000;

/** How long a program may take to end. */
const END_LIMIT_MS = 5000;

/** The most bytes of a line, of which Slurm passes on 1024 at a time. */
const PART = 900;

/** Prints a line of ASCII. A long one in parts, which begin with `+`, and the last with `=`. */
function print(line: string): void {
  const text = line.replaceAll(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const parts = text.match(new RegExp(`.{1,${PART}}`, "g")) ?? [];
  const lines = parts.length === 1
    ? parts
    : parts.map((part, i) => `${i < parts.length - 1 ? "+" : "="}${part}`);
  printText(lines.map((line) => `${line}\n`).join(""));
}

/** The program that runs here. */
class Guest {
  readonly #program: Program;
  readonly #passed: Promise<void>;
  #cgroup: string | null = null;
  #hasOptions = false;

  constructor(path: string) {
    this.#program = startProgram(path);
    this.#passed = this.#passOn();
  }

  get pids(): readonly number[] {
    return this.#program.pids;
  }

  /** Passes its output on, and then how it ended. */
  async #passOn(): Promise<void> {
    for await (const line of this.#program.lines) if (line.startsWith("{")) print(line);
    const [{ success, code, signal }, stderr] = await Promise.all([
      this.#program.ended,
      this.#program.stderr,
    ]);
    print(JSON.stringify({ event: "ended", success, code, signal, stderr: stderr.slice(-10_000) }));
  }

  /** Writes a line to it. The first one has its options, in which this process is the owner. */
  write(line: object): void {
    const { placement, cgroup } = line as { placement?: object; cgroup?: string | null };
    const isFirst = !this.#hasOptions;
    this.#hasOptions = true;
    if (isFirst) this.#cgroup = cgroup ?? null;
    const own = isFirst ? { ...line, placement: { ...placement, owner: Deno.pid } } : line;
    this.#program.write(own).catch(() => {}); // its end is reported
  }

  signal(signal: Deno.Signal): void {
    this.#program.signal(signal);
  }

  /** Ends it, with all that it started. */
  async end(): Promise<void> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), END_LIMIT_MS);
    await this.#program.ended;
    clearTimeout(timer);
    if (this.#cgroup !== null) removeLeftoverCgroup(this.#cgroup);
    await this.#passed.catch(() => {}); // nobody reads any more
  }
}

/** Standard input, of which some bytes were read before. */
async function* inputAfter(bytes: Uint8Array<ArrayBuffer>) {
  yield bytes;
  yield* standardInput();
}

/** Does what is asked, until the end of input or of the connection; the exit code. */
export async function main(
  host: string,
  hash: string,
  early: Uint8Array<ArrayBuffer>,
): Promise<number> {
  const id = crypto.randomUUID();
  let heard = performance.now();
  let guest: Guest | undefined;
  const { promise: silent, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (performance.now() - heard > SILENCE_MS) resolve();
  }, SILENCE_MS / 10);
  const read = async () => {
    for await (const line of linesOf(inputAfter(early))) {
      heard = performance.now();
      const request: HostRequest = JSON.parse(line);
      if ("ping" in request) {
        printEvent({ event: "pong", ping: request.ping, at: monotonicNanoseconds() });
      } else if (request.to !== undefined && request.to !== id) continue;
      else if ("start" in request) guest = new Guest(request.start);
      else if ("counters" in request) {
        const own = [Deno.pid, ...guest?.pids ?? []];
        const counters = readCounters(request.counters ?? undefined, own);
        print(JSON.stringify({ event: "counted", counters }));
      } else if ("signal" in request) guest?.signal(request.signal);
      else guest?.write(request.line);
    }
  };
  const environment = readEnvironment(probeFork());
  print(JSON.stringify({ event: "hello", host, id, hash, environment }));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => resolve());
  }
  await Promise.race([read(), silent]);
  clearInterval(timer);
  await guest?.end();
  return 0;
}
