/**
 * A machine that runs `host_main.ts`, as it is seen from here.
 *
 * @module
 */
import { ExitCode, FailedError, UnsupportedError } from "../../servers/errors.ts";
import type { Counters } from "../machine/counters.ts";
import { type HostEvent, HostLine, type HostRequest } from "./host_protocol.ts";
import { LineQueue } from "./line_queue.ts";

/** A host, as it is seen from here. */
export class RemoteHost {
  readonly name: string;
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

  readonly #write: (request: HostRequest) => Promise<void>;

  /** `write` sends a request over the engine, which may bring it to other hosts as well. */
  constructor(name: string, write: (request: HostRequest) => Promise<void>) {
    this.name = name;
    this.#write = write;
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

  /** Sends it a request. Rejects if the engine has ended. */
  send(request: HostRequest): Promise<void> {
    return this.#write({ to: this.#id, ...request });
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
