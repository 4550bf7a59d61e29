/**
 * The connection to other machines over an engine: it sends Herd's programs there, starts them and carries their
 * lines.
 *
 * @module
 */
import { FailedError } from "../../servers/errors.ts";
import { monotonicNanoseconds } from "../../servers/posix/clocks.ts";
import type { Counters } from "../machine/counters.ts";
import type { Environment } from "../record/record.ts";
import { type Archive, packSources } from "./archive.ts";
import { EngineProcess } from "./engine_process.ts";
import { type Hosts, type Via, viaOf } from "./engines.ts";
import type { Program } from "./program.ts";
import type { RemoteHost } from "./remote_host.ts";

/** How often every host is asked for a sign of life, and how long it may take to give one. */
const PING_MS = 1000;
const SILENCE_MS = 10_000;

/** How long a host may take to start Herd, in seconds. */
const START_LIMIT = 60;

/** Other machines that run Herd. */
export class Link implements AsyncDisposable {
  readonly #processes: readonly EngineProcess[];
  readonly #hosts: ReadonlyMap<string, RemoteHost>;
  readonly #environments = new Map<string, Environment>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #pings = 0;

  /**
   * Starts Herd on these hosts.
   *
   * @throws {FailedError} if one cannot be reached, with its name.
   * @throws {UnsupportedError} if one has no Deno, or another version.
   */
  static async open({ names, via }: Hosts): Promise<Link> {
    await using starting = new AsyncDisposableStack();
    const archive = await packSources();
    const link = starting.use(new Link(viaOf(via), names, archive));
    await link.#greet(archive);
    starting.move();
    return link;
  }

  private constructor(via: Via, names: readonly string[], archive: Archive) {
    const groups = via.engine.reaches === "all" ? [names] : names.map((name) => [name]);
    this.#processes = groups.map((group) => new EngineProcess(via, group, archive));
    this.#hosts = new Map(this.#processes.flatMap(({ hosts }) => [...hosts]));
  }

  async #greet({ hash }: Archive): Promise<void> {
    this.#timer = setInterval(() => this.#watch(), PING_MS);
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const missing = this.names.filter((name) => !this.#environments.has(name));
      reject(new FailedError(`Cannot start Herd on ${missing.join(", ")} in ${START_LIMIT} s`));
    }, 1000 * START_LIMIT);
    try {
      await Promise.race([
        late,
        Promise.all([...this.#hosts].map(async ([name, host]) => {
          const hello = await host.hello.promise;
          if (hello.hash !== hash) {
            throw new FailedError(`Cannot use ${name}: it runs another Herd`);
          }
          this.#environments.set(name, hello.environment);
        })),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Names of the hosts. */
  get names(): readonly string[] {
    return [...this.#hosts.keys()];
  }

  /** What each host is, in the order of their names. */
  get environments(): ReadonlyMap<string, Environment> {
    return new Map(this.names.map((name) => [name, this.#environments.get(name)!]));
  }

  /** Processes of the engine, on this machine. */
  get pids(): readonly number[] {
    return this.#processes.map(({ pid }) => pid);
  }

  /** Lets every host know that this end is there, and gives up those that do not answer. */
  #watch(): void {
    const now = performance.now();
    for (const [name, host] of this.#hosts) {
      if (!this.#environments.has(name)) continue; // it starts
      if (now - host.heard > SILENCE_MS) host.lose(`no answer for ${SILENCE_MS / 1000} s`);
    }
    this.#ping(-1);
  }

  #ping(ping: number): void {
    for (const process of this.#processes) process.write({ ping }).catch(() => {});
  }

  /**
   * One round trip to every host: nanoseconds of its monotonic clock, and of ours before and after. A host that is
   * lost has none.
   */
  async roundTrip(): Promise<Map<string, RoundTrip>> {
    const ping = ++this.#pings;
    const trips = new Map<string, RoundTrip>();
    const before = monotonicNanoseconds();
    const answers = [...this.#hosts.values()].map(async (host) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      host.onPong = (answered, at) => {
        if (answered !== ping) return;
        trips.set(host.name, { before, at, after: monotonicNanoseconds() });
        resolve();
      };
      await Promise.race([promise, host.ended.promise]);
      host.onPong = undefined;
    });
    this.#ping(ping);
    await Promise.all(answers);
    return trips;
  }

  /** The counters of a host's kernel. @throws {FailedError} if it is lost. */
  async counters(name: string, processors: readonly number[] | null): Promise<Counters> {
    const host = this.#hosts.get(name)!;
    const counted = new Promise<Counters>((resolve) => host.onCounted = resolve);
    const lost = host.ended.promise.then(({ stderr }) => {
      throw new FailedError(stderr);
    });
    await host.send({ counters: processors });
    return await Promise.race([counted, lost]);
  }

  /** Starts a program on a host: a file of the checkout. */
  program(name: string, path: string): Program {
    const host = this.#hosts.get(name)!;
    const ended = host.ended.promise;
    host.send({ start: path }).catch(() => {});
    return {
      pids: [],
      lines: host.lines,
      ended: ended.then(({ success, code, signal }) => (
        { success, code, signal: signal as Deno.Signal | null }
      )),
      stderr: ended.then(({ stderr }) => stderr),
      write: (line) => host.send({ line }),
      signal: (signal) => void host.send({ signal }).catch(() => {}),
      close: () => Promise.resolve(),
    };
  }

  /** Ends all that runs on the hosts. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#processes.map((process) => process.end()));
  }
}

/** Nanoseconds of monotonic clocks: ours before a question and after its answer, and the host's in between. */
export interface RoundTrip {
  readonly before: number;
  readonly at: number;
  readonly after: number;
}
