/**
 * One client of the load, the book's `client` (UNP §30.3): it connects, requests a number of bytes, reads
 * them and closes, repeatedly. The client closes first, so TIME_WAIT stays on its side.
 *
 * @module
 */
import {
  monotonicNanoseconds,
  processCpu,
  sleep,
  threadCpu,
  type Usage,
  usage,
} from "../servers/posix/clocks.ts";
import type { SocketAddress } from "../servers/posix/addresses.ts";
import { Errno } from "../servers/posix/errors.ts";
import { close } from "../servers/posix/io.ts";
import { gettid } from "../servers/posix/processes.ts";
import type { SocketTimeout } from "../servers/posix/sockets.ts";
import {
  type Client,
  errorNumberOf,
  Failure,
  type Transport,
} from "../servers/transports/transport.ts";
import { Histogram } from "./histogram.ts";
import type { LoadReport } from "./protocol.ts";

/** The task of a client. */
export interface Task {
  /** The client side of the transport. */
  readonly client: Client;
  /** Connections to make, one after another. */
  readonly connections: number;
  /** Time after which to start no other connection. */
  readonly limitMilliseconds: number;
  /** Pause between two connections. */
  readonly thinkMilliseconds: number;
}

const ERROR_KINDS = 256;
const TEXT_BYTES = 64;
const TEXT_AT = 64 + 4 * ERROR_KINDS;
const HISTOGRAM_AT = TEXT_AT + TEXT_BYTES;

/** A client stops after so many refused connections in a row: nobody is there. */
export const REFUSALS = 50;

/** The results of a client, in memory that it shares with its parent. */
export class ClientResults {
  /** Bytes of the results of one client. */
  static readonly BYTES = HISTOGRAM_AT + Histogram.BYTES;

  /** Latency of answered connections. */
  readonly latencies: Histogram;

  readonly #times: Float64Array;
  readonly #done: Float64Array;
  readonly #errors: Int32Array;
  /** The first line of the first reply that was no answer; a byte of 0 ends it. */
  readonly #text: Uint8Array<ArrayBuffer>;

  constructor(memory = new ArrayBuffer(ClientResults.BYTES), index = 0) {
    const at = index * ClientResults.BYTES;
    this.#times = new Float64Array(memory, at, 6);
    this.#done = new Float64Array(memory, at + 48, 2);
    this.#errors = new Int32Array(memory, at + 64, ERROR_KINDS);
    this.#text = new Uint8Array(memory, at + TEXT_AT, TEXT_BYTES);
    this.latencies = new Histogram(memory, at + HISTOGRAM_AT);
  }

  /** Records the start: `now()`, and CPU seconds and usage of the client so far. */
  start(now: number, cpu: number, { user, system }: Usage): void {
    this.#times.set([now, now, cpu, cpu, user, system]);
  }

  /** Records the end, as `start`. */
  finish(now: number, cpu: number, { user, system }: Usage): void {
    const times = this.#times;
    [times[1], times[3]] = [now, cpu];
    [times[4], times[5]] = [user - times[4]!, system - times[5]!];
  }

  /** Records a connection that was answered after so many milliseconds. */
  succeed(milliseconds: number): void {
    this.latencies.record(milliseconds * 1000);
    this.#done[0]!++;
    if (milliseconds > this.#done[1]!) this.#done[1] = milliseconds;
  }

  /** Records a failed connection, with an error number or `Failure`, and the start of the reply. */
  fail(kind: number, reply?: Uint8Array): void {
    const text = reply === undefined ? undefined : textOf(reply);
    if (text !== undefined && this.#text[0] === 0) new TextEncoder().encodeInto(text, this.#text);
    this.#errors[text === undefined ? kind : Failure.noAnswer]!++;
  }

  /** The first line of the first reply that was no answer; empty: there was none. */
  get wrongReply(): string {
    return new TextDecoder().decode(this.#text.slice(0, this.#text.indexOf(0)));
  }

  /** Start and end in milliseconds of `now()`. */
  get span(): readonly [start: number, end: number] {
    return [this.#times[0]!, this.#times[1]!];
  }

  /** CPU seconds between start and end. */
  get cpu(): { total: number; user: number; system: number } {
    const [, , before, after, user, system] = this.#times;
    return { total: after! - before!, user: user!, system: system! };
  }

  /** Number of answered connections. */
  get answered(): number {
    return this.#done[0]!;
  }

  /** The longest latency in milliseconds. */
  get longest(): number {
    return this.#done[1]!;
  }

  /** Number of failed connections by error number or `Failure`. */
  get errors(): ReadonlyMap<number, number> {
    return new Map([...this.#errors.entries()].filter(([, count]) => count > 0));
  }
}

/** Characters of a reply that are quoted. */
const QUOTED = 60;

/**
 * The first line of a reply that is text; undefined if it may be part of an answer, which is one byte again and
 * again, or has none.
 */
function textOf(reply: Uint8Array): string | undefined {
  const [line] = String.fromCharCode(...reply).split(/[\r\n]/) as [string];
  if (!/^[ -~]+$/.test(line) || new Set(line).size === 1) return undefined;
  return line.slice(0, QUOTED);
}

/**
 * Milliseconds since boot. Not performance.now(): code of Deno that it shares with other classes is optimized
 * again in each forked client.
 */
const now = () => monotonicNanoseconds() / 1e6;

/** Runs a client, which is a process or a thread of one. */
export function runClient(
  task: Task,
  results: ClientResults,
  who: "process" | "thread" = "process",
): void {
  const id = gettid();
  const cpu = who === "process" ? processCpu : threadCpu;
  const { open, request, close } = task.client;
  const end = now() + task.limitMilliseconds;
  results.start(now(), cpu(id)!, usage(who));
  let refused = 0;
  for (let i = 0; i < task.connections && refused < REFUSALS; i++) {
    if (task.thinkMilliseconds > 0 && i > 0) sleep(task.thinkMilliseconds);
    const began = now();
    if (began >= end) break;
    const error = connectOnce(open, request, close);
    if (error === 0) {
      results.succeed(now() - began);
      refused = 0;
    } else {
      results.fail(error, task.client.wrongReply?.());
      refused = REFUSED.has(error) ? refused + 1 : 0;
    }
  }
  results.finish(now(), cpu(id)!, usage(who));
}

/** What connect says where nobody listens: at a port, and at a path. */
const REFUSED: ReadonlySet<number> = new Set([Errno.ECONNREFUSED, Errno.ENOENT]);

/** Makes one connection. Returns 0, an error number or a `Failure`. */
function connectOnce(
  open: Client["open"],
  request: Client["request"],
  close: Client["close"],
): number {
  let connection = -1;
  try {
    connection = open();
    return request(connection);
  } catch (error) {
    return errorNumberOf(error);
  } finally {
    if (connection !== -1) close(connection);
  }
}

/** Clients that are ready to start. */
export interface Clients {
  readonly making: LoadReport["making"];
  /** Starts all clients and waits for them to finish; undefined if standard input ends before. */
  run(): AllResults | Promise<AllResults>;
}

type AllResults = readonly ClientResults[] | undefined;

/** Connections of each pass of the warm-up, after which V8 has compiled the whole client, its loop included. */
const WARM_UP = [300, 300, 1200, 1200];

/**
 * Acts as client and server on an abstract Unix socket until V8 has compiled the client, so that processes
 * forked afterwards start at full speed. (Over TCP this would leave as many ports in TIME_WAIT.)
 *
 * One thread is both, so something has to answer between `open` and `request`. That is done at the end of one or
 * at the start of the other by turns: had `connectOnce` seen only one function of either kind, V8 would have
 * compiled it for that one, and each forked client would compile it again while it is measured.
 */
export function warmUp(
  transport: Transport,
  timeout: SocketTimeout,
  sources: readonly SocketAddress[],
): void {
  const address = { host: "", port: 0, path: `@herd-${crypto.randomUUID()}` };
  using endpoint = transport.bind(address);
  const { listener } = endpoint;
  const reply = new Uint8Array(4000);
  const results = new ClientResults();
  // Two clients: code that V8 compiles for the only closure of its kind is no use to another one.
  const make = () => transport.client(address, reply.length, timeout, sources);
  const [client] = [make(), make()];
  let peer = -1;
  const answer = () => {
    if (peer !== -1) close(peer);
    peer = transport.acceptAndReply(listener, reply);
  };
  const openAnswered = () => {
    const connection = client.open();
    answer();
    return connection;
  };
  const requestAnswered = (connection: number) => {
    answer();
    return client.request(connection);
  };
  const run = (client: Client, connections: number) => {
    runClient(
      { client, connections, limitMilliseconds: Infinity, thinkMilliseconds: 0 },
      results,
    );
  };
  for (const [pass, connections] of WARM_UP.entries()) {
    run(client, 0); // an object that is made in the same way as that of a task
    run(
      { ...client, ...(pass % 2 === 0 ? { open: openAnswered } : { request: requestAnswered }) },
      connections,
    );
  }
  close(peer);
  close(listener);
  if (results.errors.size > 0) {
    throw new Error("Cannot warm up the client: its own socket does not answer");
  }
}
