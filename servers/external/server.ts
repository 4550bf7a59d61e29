/**
 * A running external server, seen from its host: started, watched, accounted for, ended.
 *
 * @module
 */
import type { Report } from "../host/account.ts";
import { MemorySampler } from "../host/memory.ts";
import type { Served } from "../host/running.ts";
import type { OtherAccount } from "../host/snapshot.ts";
import { Cgroup } from "../posix/cgroup.ts";
import type { Usage } from "../posix/clocks.ts";
import { EventCounts } from "../posix/event_counts.ts";
import { hasExited, proportionalMemory } from "../posix/files.ts";
import { removeAll } from "../posix/folders.ts";
import { requireFork } from "../posix/fork.ts";
import { processesBelow, processState } from "../posix/process_tree.ts";
import { becomeSubreaper, type ExitStatus, getpid, kill, waitAsync } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { reportOf, secondsByThreads, type TreeState } from "./account.ts";
import { type ExternalOptions, fill, type Given } from "./external.ts";
import { type GuardLine, startGuard } from "./guard.ts";
import { Output } from "./output.ts";
import { type Lack, whenReady, within } from "./readiness.ts";
import { freeAddress, makeTemporaryFolder, requireProgram, writeFiles } from "./start.ts";
import { EndsWatch, listeningOf, seenOf } from "./workers.ts";

/** Milliseconds that the processes have to end that are left when the program itself has ended. */
const GRACE_MS = 1000;

/** CPU seconds between two looks from which on a server is at work. */
const BUSY_SECONDS = 0.001;

/** A running external server. */
export class ExternalServer implements Served {
  readonly address: ReturnType<typeof freeAddress>;
  readonly ready: Promise<void>;
  readonly failed: Promise<string>;
  stopFailure: string | undefined;

  readonly #options: ExternalOptions;
  readonly #temporary: string;
  readonly #output: Output;
  readonly #cgroup: Cgroup | undefined;
  readonly #guard: number;
  readonly #events: EventCounts;
  readonly #gone: Promise<unknown>;
  /** Its process; 0: not started yet. */
  #program = 0;
  #hasEnded = false;
  #isStopping = false;
  #hasEntered: boolean | undefined;
  /** What the guard has waited for. */
  #ended: Usage = { user: 0, system: 0, voluntary: 0, involuntary: 0 };
  #from: TreeState | undefined;
  #sampler: MemorySampler | undefined;
  #ends: EndsWatch | undefined;
  #setFailed!: (reason: string) => void;

  /** Starts it. @throws {FailedError} if there is no such program. */
  constructor(options: ExternalOptions) {
    const { external, workers, bytes } = options;
    const path = requireProgram(external);
    this.#options = options;
    this.failed = new Promise((resolve) => this.#setFailed = resolve);
    this.address = freeAddress();
    this.#temporary = makeTemporaryFolder(external);
    const given = { port: this.address.port, dir: this.#temporary, workers, bytes };
    writeFiles(external, given);
    this.#output = new Output(options.output ?? `${this.#temporary}/.output`);
    this.#cgroup = Cgroup.create(options.cgroup);
    const guard = this.#start(path, given);
    this.#guard = guard.pid;
    this.#events = new EventCounts(options.counters, guard.pid, false);
    guard.begin();
    this.#gone = Promise.all([this.#listen(guard.lines), waitAsync()]);
    this.ready = this.#whenReady();
  }

  #start(path: string, given: Given): ReturnType<typeof startGuard> {
    const { external: { command, environment, folder }, placement } = this.#options;
    becomeSubreaper();
    return startGuard({
      path,
      args: command.slice(1).map((word) => fill(word, given)),
      environment: Object.entries(environment).map(([name, text]) => [name, fill(text, given)]),
      workingFolder: folder,
      output: this.#output.descriptor,
      session: placement.session,
      cgroup: this.#cgroup,
      temporary: this.#temporary,
    });
  }

  mark(): void {
    this.#sampler?.end();
    let before = this.#cpuSeconds();
    this.#sampler = new MemorySampler({
      read: () => this.#memory(),
      // Nobody counts its connections here: while it uses CPU time, it serves some.
      connections: () => {
        const now = this.#cpuSeconds();
        const isOpen = now - before >= BUSY_SECONDS;
        before = now;
        return { opened: now, isOpen };
      },
      perClient: false,
    });
    this.#ends?.mark();
    this.#from = this.#snapshot();
  }

  async stop(): Promise<Report<null>> {
    const to = this.#snapshot();
    const memory = this.#sampler?.end() ?? null;
    const report = {
      ...reportOf(this.#options.external.name, this.#from ?? to, to),
      pssBytes: this.#memory(),
      memory,
      workers: seenOf(this.#living(), this.address.port, this.#ends),
    };
    await this.#end();
    const { lastLine } = this.#output;
    this.#output.end();
    return lastLine === undefined ? report : { ...report, lastLine };
  }

  /** Asks the program to end, waits, and has the guard kill what is left. */
  async #end(): Promise<void> {
    const { external: { name, stopSignal }, limits } = this.#options;
    this.#isStopping = true;
    if (!this.#hasEnded && this.#program !== 0) {
      kill(this.#program, Signal[stopSignal]);
      await within(1000 * limits.stop, () => this.#hasEnded);
      if (!this.#hasEnded) {
        this.stopFailure =
          `${name} did not end within ${limits.stop} s of SIG${stopSignal} and was killed`;
      }
    }
    if (this.#hasEnded) await within(GRACE_MS, () => this.#living().length === 0);
    this.#ends?.[Symbol.dispose]();
    kill(this.#guard, Signal.TERM);
    await this.#gone;
    // If the guard was killed, they are children of this process now.
    for (const pid of processesBelow(getpid())) kill(pid, Signal.KILL);
    this.#events[Symbol.dispose]();
    removeAll(this.#temporary);
    this.#cgroup?.remove();
  }

  /** Hears what the guard tells. */
  async #listen(lines: AsyncIterable<GuardLine>): Promise<void> {
    const { name } = this.#options.external;
    for await (const line of lines) {
      if (line.event === "started") this.#program = line.pid;
      else if (line.event === "failed") this.#setFailed(line.message);
      else this.#account(line.end);
    }
    if (this.#program === 0) requireFork();
    this.#hasEnded = true;
    this.#setFailed(`${name} was killed with the process that watches over it`);
  }

  #account(end: ExitStatus): void {
    const { user, system, voluntary, involuntary } = this.#ended;
    this.#ended = {
      user: user + end.usage.user,
      system: system + end.usage.system,
      voluntary: voluntary + end.usage.voluntary,
      involuntary: involuntary + end.usage.involuntary,
    };
    if (end.pid !== this.#program) return;
    this.#setFailed(this.#withOutput(this.#reasonOf(end)));
    this.#hasEnded = true;
  }

  #reasonOf({ code, signal }: ExitStatus): string {
    const { name } = this.#options.external;
    if (signal !== undefined) return `${name} was ended by signal ${signal}`;
    return code === 0 && this.#living().length > 0
      ? `${name} went into the background: have it stay in the foreground`
      : `${name} ended with code ${code}`;
  }

  /** A reason with what the server printed last. */
  #withOutput(reason: string): string {
    return `${reason}; it printed ${this.#output.lastLine ?? "nothing"}`;
  }

  async #whenReady(): Promise<void> {
    const { external: { name, readiness }, limits: { start } } = this.#options;
    const { port } = this.address;
    const lacks: Record<NonNullable<Lack>, string> = {
      listener: `${name} did not listen at port ${port} within ${start} s`,
      port: `${name} did not listen at port ${port}, which another program has taken`,
      text: `${name} did not print "${readiness}" within ${start} s`,
    };
    const lack = await whenReady({
      listens: () => this.#listens(),
      hasPrinted: () => readiness === null || this.#output.has(readiness),
      processes: () => this.#living().length,
      cpuSeconds: () => this.#cpuSeconds(),
      hasEnded: () => this.#hasEnded || this.#isStopping,
    }, start);
    if (lack !== undefined) {
      this.#setFailed(this.#withOutput(lacks[lack]));
      await new Promise(() => {}); // who waits for this waits for `failed` as well
    }
    if (this.#options.watchEnds) this.#ends = EndsWatch.start(port);
    this.mark();
  }

  #listens(): boolean | "another" {
    const listening = listeningOf(this.#living(), this.address.port);
    return listening !== undefined && (listening.length > 0 || "another");
  }

  /** Its processes that have not ended. */
  #living(): number[] {
    return processesBelow(this.#guard).filter((pid) => !hasExited(pid));
  }

  #snapshot(): TreeState {
    const tree = this.#tree();
    return { ...tree, otherAccount: this.#otherAccount(tree), events: this.#events.read() };
  }

  #tree(): Pick<TreeState, "processes" | "ended"> {
    const states = processesBelow(this.#guard).flatMap((pid) => processState(pid) ?? []);
    const isOther = ({ pid }: { readonly pid: number }) => Number(pid !== this.#program);
    const sorted = states.toSorted((a, b) => isOther(a) - isOther(b));
    return { processes: new Map(sorted.map((one) => [one.pid, one])), ended: this.#ended };
  }

  #otherAccount(tree = this.#tree()): OtherAccount {
    // Asked first when it is ready: it has entered by then, or cannot.
    this.#hasEntered ??= this.#cgroup?.isEmpty === false;
    if (!this.#cgroup || !this.#hasEntered) {
      return { source: "schedstat", cpuSeconds: secondsByThreads(tree) };
    }
    const { source, cpuSeconds } = this.#cgroup;
    return { source, cpuSeconds };
  }

  #cpuSeconds(): number {
    return this.#otherAccount().cpuSeconds;
  }

  /** Memory of all its processes in bytes; null if none can be read. */
  #memory(): number | null {
    const known = this.#living().flatMap((pid) => proportionalMemory(pid) ?? []);
    return known.length === 0 ? null : known.reduce((sum, bytes) => sum + bytes, 0);
  }
}
