/**
 * A process of an engine, whose standard streams are those of programs on other machines.
 *
 * @module
 */
import { FailedError } from "../../servers/errors.ts";
import { linesOf } from "../../servers/host/lines.ts";
import { type Archive, bootScript } from "./archive.ts";
import { commandOf, labelled, type Via } from "./engines.ts";
import { encodeLine, signalChild } from "./program.ts";
import { RemoteHost } from "./remote_host.ts";

/** How long an engine may take to end once its input has ended, in milliseconds. */
const END_LIMIT_MS = 8000;

/** A process of an engine, which reaches one host or all. */
export class EngineProcess {
  readonly hosts = new Map<string, RemoteHost>();
  readonly #via: Via;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #labels = new Map<string, RemoteHost>();
  readonly #cancel: readonly string[] | undefined;
  readonly #output: Promise<unknown>;
  #errors: string[] = [];

  constructor(via: Via, names: readonly string[], archive: Archive) {
    this.#via = via;
    for (const name of names) {
      this.hosts.set(
        name,
        new RemoteHost(name, (request) => this.write(request)),
      );
    }
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
  #hostOf(label: string, line: string): RemoteHost | undefined {
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
      // ^C on a terminal is for Herd, which ends it in order.
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new FailedError(`Cannot reach other hosts: there is no ${program} here; install it`);
  }
}
