/**
 * The connection to other machines over an engine: it sends Herd's programs there, starts them and carries their
 * lines.
 *
 * @module
 */
import { ExitCode, FailedError, UnsupportedError } from "../../servers/errors.ts";
import { linesOf } from "../../servers/host/lines.ts";
import { monotonicNanoseconds } from "../../servers/posix/clocks.ts";
import type { Counters } from "../machine/counters.ts";
import type { Environment } from "../record/record.ts";
import { type Archive, bootScript, packSources } from "./archive.ts";
import { commandOf, type Hosts, labelled, type Via, viaOf } from "./engines.ts";
import { type HostEvent, HostLine, type HostRequest } from "./host_protocol.ts";
import { encodeLine, type Program, signalChild } from "./program.ts";
import { LineQueue } from "./line_queue.ts";

/** How often every host is asked for a sign of life, and how long it may take to give one. */
const PING_MS = 1000;
const SILENCE_MS = 10_000;

/** How long a host may take to start Herd, in seconds. */
const START_LIMIT = 60;

/** How long an engine may take to end once its input has ended, in milliseconds. */
const END_LIMIT_MS = 8000;

/** A host, as it is seen from here. */
class Host {
  readonly name: string;
  readonly engine: EngineProcess;
  readonly hello = Promise.withResolvers<Extract<HostEvent, { event: "hello" }>>();
  /** Lines of its program. */
  lines = new LineQueue();
  /** How its program ended. */
  ended = Promise.withResolvers<Extract<HostEvent, { event: "ended" }>>();
  /** When it was last heard. */
  heard = performance.now();
  /** Waits for the answer to a ping. */
  onPong: ((ping: number, at: number) => void) | undefined;
  /** Waits for counters. */
  onCounted: ((counters: Counters) => void) | undefined;
  #id: string | undefined;
  #parts = "";

  constructor(name: string, engine: EngineProcess) {
    this.name = name;
    this.engine = engine;
    this.hello.promise.catch(() => {});
  }

  /** Takes a line of its output; text that is none of Herd's is skipped. */
  take(line: string): void {
    this.heard = performance.now();
    if (line.startsWith("+")) this.#parts += line.slice(1);
    else if (line.startsWith("=")) {
      const whole = this.#parts + line.slice(1);
      this.#parts = "";
      this.#takeEvent(whole);
    } else if (line.startsWith("{")) this.#takeEvent(line);
  }

  #takeEvent(line: string): void {
    const parsed = parse(line);
    if (parsed === undefined) return;
    const { success, data: event } = HostLine.safeParse(parsed);
    if (!success) this.lines.push(line);
    else if (event.event === "hello") {
      this.#id = event.id;
      this.hello.resolve(event);
    } else if (event.event === "refused") this.#refuse(event.message);
    else if (event.event === "pong") this.onPong?.(event.ping, event.at);
    else if (event.event === "counted") this.onCounted?.(event.counters);
    else {
      this.ended.resolve(event);
      this.lines.end();
    }
  }

  /** It cannot run Herd, by default for want of Deno. */
  #refuse(
    reason = `it has no Deno; write ssh ${this.name} mkdir -p .deno/bin && ` +
      `scp ${Deno.execPath()} ${this.name}:.deno/bin/deno`,
  ): void {
    this.hello.reject(new UnsupportedError(`Cannot start Herd on ${this.name}: ${reason}`));
  }

  /** It cannot be reached any more. */
  lose(reason: string): void {
    const message = `lost ${this.name}: ${reason}`;
    this.hello.reject(new FailedError(`Cannot reach ${this.name}: ${reason}`));
    this.ended.resolve({
      event: "ended",
      success: false,
      code: ExitCode.failed,
      signal: null,
      stderr: message,
    });
    this.lines.end();
  }

  send(request: HostRequest): Promise<void> {
    return this.engine.write({ to: this.#id, ...request });
  }
}

/** Parses JSON; undefined for text that only begins like it. */
function parse(line: string) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A process of an engine, which reaches one host or all. */
class EngineProcess {
  readonly hosts = new Map<string, Host>();
  readonly #via: Via;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #labels = new Map<string, Host>();
  readonly #cancel: readonly string[] | undefined;
  readonly #output: Promise<unknown>;
  #errors: string[] = [];

  constructor(via: Via, names: readonly string[], archive: Archive) {
    this.#via = via;
    for (const name of names) this.hosts.set(name, new Host(name, this));
    const filling = {
      hosts: names,
      id: `herd-${crypto.randomUUID()}`,
      script: bootScript(archive),
    };
    const [program, ...args] = commandOf(via, filling);
    this.#cancel = via.engine.cancel && commandOf(via, filling, via.engine.cancel);
    this.#child = start(program!, args);
    this.#input = this.#child.stdin.getWriter();
    this.#output = Promise.all([this.#read(), this.#readErrors()]);
    this.write(archive.line).catch(() => {}); // the reason is in its output
    this.#child.status.then(async ({ code, signal }) => {
      await this.#output;
      const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
      this.#errors.push(`${program} ${how}`);
      for (const host of this.hosts.values()) host.lose(this.#reasonFor(host.name));
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  write(line: object | string): Promise<void> {
    const bytes = typeof line === "string"
      ? new TextEncoder().encode(`${line}\n`)
      : encodeLine(line);
    return this.#input.write(bytes);
  }

  async #read(): Promise<void> {
    for await (const text of linesOf(this.#child.stdout)) {
      const { label, line } = labelled(this.#via.engine, text);
      this.#hostOf(label, line)?.take(line);
    }
  }

  /** Whose line it is. A label need not be a name: a host says once which it is. */
  #hostOf(label: string, line: string): Host | undefined {
    if (this.hosts.size === 1) return this.hosts.values().next().value;
    const known = this.#labels.get(label) ?? this.hosts.get(label);
    if (known !== undefined || !/^[+={]/.test(line)) return known;
    const name = line.match(/"host":"([^"]*)"/)?.[1];
    const host = name === undefined ? undefined : this.hosts.get(name);
    if (host !== undefined) this.#labels.set(label, host);
    return host;
  }

  async #readErrors(): Promise<void> {
    for await (const line of linesOf(this.#child.stderr)) {
      this.#errors = [...this.#errors, line].slice(-100);
      const { host = "" } = line.match(this.#via.engine.lost ?? /^$/)?.groups ?? {};
      this.hosts.get(host)?.lose(this.#reasonFor(host));
    }
  }

  /** The last thing that was said of a host, or else of the engine. */
  #reasonFor(name: string): string {
    const { lost } = this.#via.engine;
    const own = this.#errors.filter((line) => line.split(/[\s:,]+/).includes(name));
    const said = this.hosts.size === 1 ? this.#errors.slice(0, -1) : own;
    const text = said.findLast((line) => !lost?.test(line)) ?? own.at(-1) ?? this.#errors.at(-1)!;
    return text.replace(new RegExp(`^(?:${name}|\\d+): `), "");
  }

  /** Ends its input, which ends what runs on the hosts; kills it after some seconds. */
  async end(): Promise<void> {
    await this.#input.close().catch(() => {});
    const timer = setTimeout(() => signalChild(this.#child, "SIGKILL"), END_LIMIT_MS);
    const { success } = await this.#child.status;
    clearTimeout(timer);
    await this.#output;
    if (success || this.#cancel === undefined) return;
    const [program, ...args] = this.#cancel;
    await new Deno.Command(program!, { args, stdout: "null", stderr: "null" }).output();
  }
}

/** @throws {FailedError} if there is no such program. */
function start(program: string, args: readonly string[]): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new FailedError(`Cannot reach other hosts: there is no ${program} here; install it`);
  }
}

/** Other machines that run Herd. */
export class Link implements AsyncDisposable {
  readonly #processes: readonly EngineProcess[];
  readonly #hosts: ReadonlyMap<string, Host>;
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

  /** What each host is. */
  get environments(): ReadonlyMap<string, Environment> {
    return this.#environments;
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
