/**
 * One client of the load, the book's `client` (§30.3): connect, ask for a number of bytes, read them,
 * close; and again. The client closes first, so that TIME_WAIT stays on its side.
 *
 * @module
 */
import { processCpu, sleep, type Usage, usage } from "../servers/posix/clocks.ts";
import { close } from "../servers/posix/io.ts";
import { getpid } from "../servers/posix/processes.ts";
import type { SocketTimeout } from "../servers/posix/sockets.ts";
import { type Client, failureOf, type Transport } from "../servers/transports/transport.ts";

/** What a client has to do. */
export interface Task {
  /** What it does on each connection. */
  readonly client: Client;
  /** Connections to make, one after the other. */
  readonly connections: number;
  /** What to wait between two connections. */
  readonly thinkMilliseconds: number;
}

const ERROR_KINDS = 256;
const HEADER_BYTES = 64 + 4 * ERROR_KINDS;

/** What a client writes down, in memory it shares with its parent. */
export class ClientResults {
  readonly #times: Float64Array;
  readonly #done: Int32Array;
  readonly #errors: Int32Array;
  readonly #latencies: Float64Array;

  constructor(memory: ArrayBuffer, index: number, connections: number) {
    const at = index * ClientResults.bytes(connections);
    this.#times = new Float64Array(memory, at, 6);
    this.#done = new Int32Array(memory, at + 48, 1);
    this.#errors = new Int32Array(memory, at + 64, ERROR_KINDS);
    this.#latencies = new Float64Array(memory, at + HEADER_BYTES, connections);
  }

  /** Size of the results of that many connections. */
  static bytes(connections: number): number {
    return HEADER_BYTES + 8 * connections;
  }

  /** The client starts: performance.now(), and what its process had used until then. */
  start(now: number, cpu: number, { user, system }: Usage): void {
    this.#times.set([now, now, cpu, cpu, user, system]);
  }

  /** The client is done. User and system seconds are those since the start. */
  finish(now: number, cpu: number, { user, system }: Usage): void {
    const times = this.#times;
    [times[1], times[3]] = [now, cpu];
    [times[4], times[5]] = [user - times[4]!, system - times[5]!];
  }

  /** A connection was answered in so many milliseconds. */
  succeed(milliseconds: number): void {
    this.#latencies[this.#done[0]!++] = milliseconds;
  }

  /** A connection failed. */
  fail(kind: number): void {
    this.#errors[kind]!++;
  }

  /** When it started and ended, in milliseconds of performance.now(). */
  get span(): readonly [start: number, end: number] {
    return [this.#times[0]!, this.#times[1]!];
  }

  /** CPU seconds between start and end, and how they split. */
  get cpu(): { total: number; user: number; system: number } {
    const [, , before, after, user, system] = this.#times;
    return { total: after! - before!, user: user!, system: system! };
  }

  /** Milliseconds that each answered connection took. */
  get latencies(): Float64Array {
    return this.#latencies.subarray(0, this.#done[0]);
  }

  /** How many connections failed, by kind. */
  get errors(): ReadonlyMap<number, number> {
    return new Map([...this.#errors.entries()].filter(([, count]) => count > 0));
  }
}

/** Does the whole task. */
export function runClient(task: Task, results: ClientResults): void {
  const pid = getpid();
  results.start(performance.now(), processCpu(pid)!, usage("process"));
  for (let i = 0; i < task.connections; i++) {
    if (task.thinkMilliseconds > 0 && i > 0) sleep(task.thinkMilliseconds);
    const began = performance.now();
    const error = attempt(task.client);
    if (error === 0) results.succeed(performance.now() - began);
    else results.fail(error);
  }
  results.finish(performance.now(), processCpu(pid)!, usage("process"));
}

/** One connection; 0, or the kind of failure. */
function attempt({ open, ask, close }: Client): number {
  let connection = -1;
  try {
    connection = open();
    return ask(connection);
  } catch (error) {
    return failureOf(error);
  } finally {
    if (connection !== -1) close(connection);
  }
}

/** How often V8 must have seen the client before it has compiled all of it. */
const WARM_UP = 3000;

/**
 * Plays client and server, over a socket that has no file, until V8 has compiled the client, so that the
 * processes forked afterwards start at full speed. (Over TCP this would leave as many ports in TIME_WAIT.)
 */
export function warmUp(transport: Transport, limit: SocketTimeout): void {
  const address = { host: "", port: 0, path: `@herd-load-${getpid()}` };
  using endpoint = transport.bind(address);
  const { listener } = endpoint;
  const bytes = 4000;
  const results = new ClientResults(new ArrayBuffer(ClientResults.bytes(WARM_UP)), 0, WARM_UP);
  const client = transport.client(address, bytes, limit);
  // The server's part fits into the socket's buffer, so one thread can do both.
  const answered: Client = {
    ...client,
    ask(connection) {
      const peer = transport.acceptAndReply(listener, bytes);
      const result = client.ask(connection);
      close(peer);
      return result;
    },
  };
  for (let i = 0; i < WARM_UP; i++) {
    const began = performance.now();
    if (attempt(answered) !== 0) {
      throw new Error("Cannot warm up the client: its own socket does not answer");
    }
    results.succeed(performance.now() - began);
  }
  close(listener);
}
