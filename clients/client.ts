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
import type { ServiceName } from "../servers/design.ts";
import type { SocketAddress } from "../servers/posix/addresses.ts";
import { Errno } from "../servers/posix/errors.ts";
import { close, write } from "../servers/posix/io.ts";
import { gettid } from "../servers/posix/processes.ts";
import type { SocketTimeout } from "../servers/posix/sockets.ts";
import {
  type Asked,
  type Client,
  errorNumberOf,
  Failure,
  type Transport,
} from "../servers/transports/transport.ts";
import { Histogram } from "./histogram.ts";
import type { LoadReport } from "./protocol.ts";
import { Series } from "./series.ts";

/** The task of a client. */
export interface Task {
  /** The client side of the transport. */
  readonly client: Client;
  /** Connections to make, one after another. */
  readonly connections: number;
  /** Requests on each connection, one after another. */
  readonly requests: number;
  /** Time after which to start no other connection. */
  readonly limitMilliseconds: number;
  /** Pause between two connections. */
  readonly thinkMilliseconds: number;
}

/** More connections than a client makes: the greatest of V8's small integers, which those of a warm-up are, too. */
export const UNCOUNTED = 2 ** 30 - 1;

const ERROR_KINDS = 256;
const ERRORS_AT = 72;
const TEXT_BYTES = 64;
const TEXT_AT = ERRORS_AT + 4 * ERROR_KINDS;
const OPEN_AT = TEXT_AT + TEXT_BYTES;
const HISTOGRAM_AT = OPEN_AT + 5 * 8;

/** A client stops after so many refused connections in a row: nobody is there. */
export const REFUSALS = 50;

/** The results of a client, in memory that it shares with its parent. */
export class ClientResults {
  /** Bytes of the results of one client. */
  static readonly BYTES = HISTOGRAM_AT + Histogram.BYTES;

  /** Latency of answered requests. */
  readonly latencies: Histogram;

  readonly #times: Float64Array;
  readonly #done: Float64Array;
  readonly #errors: Int32Array;
  /** The first line of the first reply that was no answer; a byte of 0 ends it. */
  readonly #text: Uint8Array<ArrayBuffer>;
  /** Of an open loop: requests started, late, not sent; connections open at most; when the last request started. */
  readonly #open: Float64Array;

  /** `series` is that of all clients of a load. */
  constructor(
    memory = new ArrayBuffer(ClientResults.BYTES),
    index = 0,
    readonly series = new Series(),
  ) {
    const at = index * ClientResults.BYTES;
    this.#times = new Float64Array(memory, at, 6);
    this.#done = new Float64Array(memory, at + 48, 3);
    this.#errors = new Int32Array(memory, at + ERRORS_AT, ERROR_KINDS);
    this.#text = new Uint8Array(memory, at + TEXT_AT, TEXT_BYTES);
    this.#open = new Float64Array(memory, at + OPEN_AT, 5);
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

  /** Records a connection on which every request was answered. */
  succeed(): void {
    this.#done[0]!++;
  }

  /** Records an answered request: when it began and ended, in milliseconds of `now()`. */
  answer(began: number, ended: number): void {
    const milliseconds = ended - began;
    this.series.record(began, ended);
    this.latencies.record(milliseconds * 1000);
    this.#done[2]!++;
    if (milliseconds > this.#done[1]!) this.#done[1] = milliseconds;
  }

  /** Records a failed connection, with an error number or `Failure`, and the start of the reply. */
  fail(kind: number, reply?: Uint8Array): void {
    const text = reply === undefined ? undefined : textOf(reply);
    if (text !== undefined && this.#text[0] === 0) new TextEncoder().encodeInto(text, this.#text);
    this.#errors[text === undefined ? kind : Failure.noAnswer]!++;
  }

  /** Records a request of an open loop that was started at that time. */
  started(now: number, isLate: boolean): void {
    this.#open[0]!++;
    if (isLate) this.#open[1]!++;
    this.#open[4] = now;
  }

  /** Records a request of an open loop that was due, and was not started before the end. */
  unsent(): void {
    this.#open[2]!++;
  }

  /** Records how many connections of an open loop are open. */
  opened(count: number): void {
    if (count > this.#open[3]!) this.#open[3] = count;
  }

  /** What an open loop did. */
  get openLoop(): { startedPerSecond: number; late: number; unsent: number; mostOpen: number } {
    const [started, late, unsent, mostOpen, last] = this.#open as unknown as number[];
    const seconds = (last! - this.#times[0]!) / 1000;
    const startedPerSecond = seconds > 0 ? started! / seconds : 0;
    return { startedPerSecond, late: late!, unsent: unsent!, mostOpen: mostOpen! };
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

  /** Number of connections on which every request was answered. */
  get connections(): number {
    return this.#done[0]!;
  }

  /** Number of answered requests. */
  get requests(): number {
    return this.#done[2]!;
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
export const now = () => monotonicNanoseconds() / 1e6;

/** Runs a client, which is a process or a thread of one. */
export function runClient(
  task: Task,
  results: ClientResults,
  who: "process" | "thread" = "process",
): void {
  const id = gettid();
  const cpu = who === "process" ? processCpu : threadCpu;
  const { client, requests } = task;
  const { open, request, close } = client;
  const end = now() + task.limitMilliseconds;
  results.start(now(), cpu(id)!, usage(who));
  let refused = 0;
  for (let i = 0; i < task.connections && refused < REFUSALS; i++) {
    if (task.thinkMilliseconds > 0 && i > 0) sleep(task.thinkMilliseconds);
    const began = now();
    if (began >= end) break;
    const error = requests === 1
      ? connectOnce(open, request, close)
      : connectAndRepeat(task, results, end);
    if (error === 0) {
      if (requests === 1) results.answer(began, now());
      results.succeed();
      refused = 0;
    } else {
      results.fail(error, client.wrongReply?.());
      refused = REFUSED.has(error) ? refused + 1 : 0;
    }
  }
  results.finish(now(), cpu(id)!, usage(who));
}

/** What connect says where nobody listens: at a port, and at a path. */
export const REFUSED: ReadonlySet<number> = new Set([Errno.ECONNREFUSED, Errno.ENOENT]);

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

/**
 * Makes one connection with several requests, or those until the end, and records each: the first from connect on,
 * the others from the reply before. Returns as `connectOnce`.
 */
function connectAndRepeat(
  { client: { open, request, close }, requests }: Task,
  results: ClientResults,
  end: number,
): number {
  let connection = -1;
  let began = now();
  try {
    connection = open();
    for (let left = requests; left > 0 && began < end; left--) {
      const error = request(connection);
      if (error !== 0) return error;
      const ended = now();
      results.answer(began, ended);
      began = ended;
    }
    return 0;
  } catch (error) {
    return errorNumberOf(error);
  } finally {
    if (connection !== -1) close(connection);
  }
}

/** What a process of the load does. */
export interface Work {
  /** Loads the C functions that the others call. */
  load(): void;
  /** Makes the connections that are not counted. */
  readonly before: Run;
  readonly run: Run;
}

/** Runs, as a process or a thread of one. */
export type Run = (results: ClientResults, who?: "process" | "thread") => void;

/** Clients that are ready to start. */
export interface Clients {
  readonly making: LoadReport["making"];
  /**
   * Starts all clients and waits for them to finish; undefined if standard input ends before.
   *
   * @param origin Milliseconds of the monotonic clock at which their series begins (default: now).
   */
  run(origin?: number): AllResults | Promise<AllResults>;
  /** Connections by the name of the worker that served them, where it was asked for. */
  workers?(): ReadonlyMap<string, number>;
}

type AllResults = readonly ClientResults[] | undefined;

/** Connections of each pass of the warm-up, after which V8 has compiled the whole client, its loop included. */
const WARM_UP = [300, 300, 1200, 1200];

/** How clients ask, as far as their code depends on it. */
export interface Asking extends Pick<Asked, "service"> {
  readonly requests: number;
  readonly timeout: SocketTimeout;
  readonly sources: readonly SocketAddress[];
}

/** Calls both. V8 compiles what is called in one place for many functions by itself, and not into its callers. */
function inTurn(first: () => void, second: (argument: number) => number, argument: number): number {
  first();
  return second(argument);
}

/** Bytes of a reply of the warm-up. */
export const BYTES = 4000;

/** Requests on a connection of the warm-up, at most. */
const REQUESTS = 3;

/** What the warm-up is answered: over HTTP with two heads by turns, since a client that has learned one learns on. */
export function repliesFor(service: ServiceName): Uint8Array<ArrayBuffer>[] {
  const body = "A".repeat(BYTES);
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n`;
  const texts = service === "http"
    ? [`${head}\r\n${body}`, `${head}Server: herd\r\n\r\n${body}`]
    : [body, body];
  return texts.map((text) => new TextEncoder().encode(text));
}

/** A client and its server in one thread. */
interface Own {
  transport: Transport | undefined;
  listener: number;
  client: Client | undefined;
  reply: Uint8Array<ArrayBuffer>;
  /** The server's end of the last connection; −1: none. */
  peer: number;
  isAnswered: boolean;
}

// Those of the warm-up that runs. Functions and objects that are made once have code that the next warm-up finds
// compiled; a variable that changed would undo it.
const own: Own = {
  transport: undefined,
  listener: -1,
  client: undefined,
  reply: new Uint8Array(),
  peer: -1,
  isAnswered: false,
};

function answer(): void {
  if (own.peer !== -1) close(own.peer);
  own.peer = own.transport!.acceptAndReply(own.listener, own.reply);
  own.isAnswered = true;
}

function answerNext(): void {
  if (own.isAnswered) own.isAnswered = false;
  else write(own.peer, own.reply, own.reply.length);
}

function answerAny(): void {
  if (own.isAnswered) write(own.peer, own.reply, own.reply.length);
  else answer();
}

function forget(): void {
  own.isAnswered = false;
}

function openAnswered(): number {
  const connection = own.client!.open();
  answer();
  return connection;
}

function requestAnswered(connection: number): number {
  answer();
  return own.client!.request(connection);
}

/** The ways to answer between `open` and the end of `request`, with one request on a connection. */
const ONE_REQUEST: readonly Partial<Client>[] = [
  { open: openAnswered },
  { request: requestAnswered },
];

/** The same with several. */
const REPEATED: readonly Partial<Client>[] = [{
  open: openAnswered,
  request: (connection) => inTurn(answerNext, own.client!.request, connection),
}, {
  open: () => inTurn(forget, own.client!.open, 0),
  request: (connection) => inTurn(answerAny, own.client!.request, connection),
}];

/**
 * Acts as client and server on an abstract Unix socket until V8 has compiled the client, so that processes
 * forked afterwards start at full speed; or for fewer passes, in one of those. (Over TCP this would leave as many
 * ports in TIME_WAIT.)
 *
 * One thread is both, so something has to answer between `open` and `request`. That is done at the end of one or
 * at the start of the other by turns: had `connectOnce` seen only one function of either kind, V8 would have
 * compiled it for that one, and each forked client would compile it again while it is measured.
 */
export function warmUp(
  transport: Transport,
  { service, requests, timeout, sources }: Asking,
  passes = WARM_UP,
): void {
  // The random numbers of forked clients are all the same.
  const address = { host: "", port: 0, path: `@herd-${gettid()}-${crypto.randomUUID()}` };
  using endpoint = transport.bind(address);
  const { listener } = endpoint;
  const replies = repliesFor(service);
  const results = new ClientResults();
  const asked = { service, bytes: BYTES, target: null };
  // Two clients: code that V8 compiles for the only closure of its kind is no use to another one.
  const make = () => transport.client(address, asked, timeout, sources);
  const [client] = [make(), make()];
  own.transport = transport;
  own.listener = listener;
  own.client = client;
  own.peer = -1;
  own.isAnswered = false;
  const ways = requests === 1 ? ONE_REQUEST : REPEATED;
  const run = (client: Client, connections: number) => {
    runClient(
      // As tasks are made, for V8 to see the same kind of object.
      {
        client,
        connections,
        requests: Math.min(requests, REQUESTS),
        limitMilliseconds: Infinity,
        thinkMilliseconds: 0,
      },
      results,
    );
  };
  for (const [pass, connections] of passes.entries()) {
    own.reply = replies[pass % 2]!;
    run(client, 0); // an object that is made in the same way as that of a task
    run({ ...client, ...ways[pass % 2] }, connections);
  }
  close(own.peer);
  close(listener);
  if (results.errors.size > 0) {
    throw new Error("Cannot warm up the client: its own socket does not answer");
  }
}
