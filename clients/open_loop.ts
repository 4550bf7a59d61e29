/**
 * An open loop: requests are due at a rate, whatever the server answers, and one process with epoll has all
 * connections. Latency counts from when a request was due, so that the time for which a server stands still is
 * in it for every request that was due meanwhile ("coordinated omission" leaves them out).
 *
 * With one request a connection, each is due with its connection. With several, requests are given to
 * connections that are kept open: the one idle longest takes the next, so that all are used alike.
 *
 * @module
 */
import { monotonicNanoseconds, processCpu, threadCpu, usage } from "../servers/posix/clocks.ts";
import { createEpoll, LevelEpoll } from "../servers/posix/epoll.ts";
import { Errno } from "../servers/posix/errors.ts";
import { close } from "../servers/posix/io.ts";
import { gettid } from "../servers/posix/processes.ts";
import { tryWrite } from "../servers/posix/sockets.ts";
import {
  errorNumberOf,
  Failure,
  INCOMPLETE,
  type NonblockingClient,
} from "../servers/transports/transport.ts";
import { Arrivals, type Schedule } from "./arrivals.ts";
import { type ClientResults, REFUSED } from "./client.ts";

/** The task of an open loop. */
export interface OpenTask extends Schedule {
  readonly client: NonblockingClient;
  /** Connections that are open at the same time, at most. */
  readonly open: number;
  /** Connections in all. */
  readonly connections: number;
  /** Requests on each connection. */
  readonly requests: number;
  /** Time after which to start no other request. */
  readonly limitMilliseconds: number;
  /** Time without progress after which a request has failed; 0: none. */
  readonly timeoutMilliseconds: number;
}

/** A request that is started so much later than it was due is late. A busy machine does not delay it for so long. */
export const LATE_MS = 10;

/** An open loop stops after being refused for so long, and nothing else: nobody is there. */
export const REFUSED_MS = 1000;

/** Requests that are started before replies are looked for again. */
const STARTS = 64;

/** Time between two looks for requests that have timed out. */
const LOOK_MS = 100;

/** Time after which to connect again to a server whose queue was full. */
const RETRY_MS = 1;

const now = () => monotonicNanoseconds() / 1e6;

/** Runs an open loop in a process or a thread of one. */
export function runOpenLoop(
  task: OpenTask,
  results: ClientResults,
  who: "process" | "thread" = "process",
): void {
  const id = gettid();
  const cpu = who === "process" ? processCpu : threadCpu;
  results.start(now(), cpu(id)!, usage(who));
  using loop = new OpenLoop(task, results);
  while (!loop.isOver) loop.turn();
  results.finish(now(), cpu(id)!, usage(who));
}

/** An open loop at work. */
export class OpenLoop implements Disposable {
  readonly #task: OpenTask;
  readonly #results: ClientResults;
  readonly #arrivals: Arrivals;
  readonly #descriptor = createEpoll();
  readonly #epoll = new LevelEpoll(this.#descriptor);
  readonly #start = now();

  // The connections, by index.
  readonly #sockets: Int32Array;
  /** When the request on it was due; −1: it is idle. */
  readonly #due: Float64Array;
  /** When something happened last. */
  readonly #active: Float64Array;
  /** Requests answered. */
  readonly #answered: Uint32Array;
  /** Bytes of the request that are sent. */
  readonly #sent: Uint32Array;

  /** A ring of connections that are idle, or not open yet: the first is idle longest. */
  readonly #idle: Int32Array;
  #idleAt = 0;
  #idleCount: number;

  /** Connections still to be made. */
  #unopened: number;
  #open = 0;
  #busy = 0;
  /** When nothing but refused connections began; Infinity: the last one was answered, or failed otherwise. */
  #refusedSince = Infinity;
  /** Requests still to be started. */
  #left: number;
  #time = this.#start;
  #look = this.#start + LOOK_MS;
  #retryAt = 0;

  constructor(task: OpenTask, results: ClientResults) {
    const { open, connections, requests } = task;
    const size = Math.min(open, connections);
    this.#task = task;
    this.#results = results;
    this.#arrivals = new Arrivals(task);
    this.#sockets = new Int32Array(size).fill(-1);
    this.#due = new Float64Array(size).fill(-1);
    this.#active = new Float64Array(size);
    this.#answered = new Uint32Array(size);
    this.#sent = new Uint32Array(size);
    this.#idle = Int32Array.from({ length: size }, (_, i) => i);
    this.#idleCount = size;
    this.#unopened = connections;
    this.#left = connections * requests;
  }

  /** Whether no request is to be started or answered any more. */
  get isOver(): boolean {
    return this.#busy === 0 && (this.#left === 0 || this.#idleCount === 0);
  }

  /** Starts requests that are due, waits for what comes next, so many milliseconds at most, and handles it. */
  turn(milliseconds = LOOK_MS): void {
    this.#time = now();
    this.#startDue();
    const count = this.#epoll.waitFor(1e6 * Math.min(milliseconds, this.#untilNext()));
    this.#time = now();
    for (let i = 0; i < count; i++) this.#handle(this.#epoll.tag(i));
    if (this.#time >= this.#look) this.#lookForTimeouts();
  }

  /** Ends the connections that are open, each of them idle. */
  [Symbol.dispose](): void {
    for (let i = 0; i < this.#sockets.length; i++) {
      if (this.#sockets[i] === -1) continue;
      if (this.#answered[i]! > 0) this.#results.succeed();
      close(this.#sockets[i]!);
    }
    close(this.#descriptor);
  }

  /** Milliseconds until something is to be done. */
  #untilNext(): number {
    let next = this.#look;
    if (this.#left > 0) {
      next = Math.min(next, this.#start + this.#task.limitMilliseconds);
      if (this.#idleCount > 0) {
        next = Math.min(next, Math.max(this.#start + this.#arrivals.due, this.#retryAt));
      }
    }
    return Math.max(0, next - this.#time);
  }

  #startDue(): void {
    if (this.#left === 0) return;
    const elapsed = this.#time - this.#start;
    const isRefused = this.#time - this.#refusedSince > REFUSED_MS;
    if (elapsed >= this.#task.limitMilliseconds || isRefused) return this.#endStarts();
    if (this.#time < this.#retryAt) return;
    const arrivals = this.#arrivals;
    for (let i = 0; i < STARTS && arrivals.due <= elapsed && this.#nextIdle() !== -1; i++) {
      if (!this.#startOne(this.#start + arrivals.due)) return;
      this.#results.started(this.#time, elapsed - arrivals.due > LATE_MS);
      arrivals.next();
      if (--this.#left === 0) return;
    }
  }

  /** Starts no other request: time is up, or nobody is there. What was due by now has not been sent. */
  #endStarts(): void {
    const end = Math.min(this.#time - this.#start, this.#task.limitMilliseconds);
    for (; this.#left > 0 && this.#arrivals.due < end; this.#left--) {
      this.#results.unsent();
      this.#arrivals.next();
    }
    this.#left = 0;
  }

  /** The index that is idle longest and may be used; −1: none. Those that are not to be opened again leave the ring. */
  #nextIdle(): number {
    while (this.#idleCount > 0) {
      const index = this.#idle[this.#idleAt]!;
      if (this.#sockets[index] !== -1 || this.#unopened > 0) return index;
      this.#removeIdle();
    }
    return -1;
  }

  #removeIdle(): void {
    this.#idleAt = this.#idleAt + 1 === this.#idle.length ? 0 : this.#idleAt + 1;
    this.#idleCount--;
  }

  #addIdle(index: number): void {
    const end = this.#idleAt + this.#idleCount++;
    this.#idle[end < this.#idle.length ? end : end - this.#idle.length] = index;
  }

  /** Starts the next request; false: the server's queue is full. */
  #startOne(due: number): boolean {
    const index = this.#idle[this.#idleAt]!;
    const isNew = this.#sockets[index] === -1;
    try {
      if (isNew && !this.#openOne(index)) return false;
      this.#expect(index, due);
      this.#send(index, isNew);
    } catch (error) {
      if (this.#due[index] === -1) this.#expect(index, due);
      this.#fail(index, errorNumberOf(error));
    }
    return true;
  }

  /** Begins to connect; false: the server's queue is full. */
  #openOne(index: number): boolean {
    const socket = this.#task.client.open();
    if (socket === -1) {
      this.#retryAt = this.#time + RETRY_MS;
      return false;
    }
    this.#sockets[index] = socket;
    this.#answered[index] = 0;
    this.#open++;
    this.#results.opened(this.#open);
    return true;
  }

  /** Takes the connection that is idle longest out of the ring, for a request. */
  #expect(index: number, due: number): void {
    this.#removeIdle();
    this.#busy++;
    if (this.#answered[index] === 0) this.#unopened--;
    this.#due[index] = due;
    this.#active[index] = this.#time;
    this.#sent[index] = 0;
    this.#task.client.replies.expect(index);
  }

  /** Sends what can be sent of a request: nothing while the connection is being made. */
  #send(index: number, isNew: boolean): void {
    const { message } = this.#task.client.replies;
    const socket = this.#sockets[index]!;
    const sent = this.#sent[index]!;
    const rest = sent === 0 ? message : message.subarray(sent);
    const count = tryWrite(socket, rest, rest.length);
    this.#sent[index] = sent + count;
    const isWhole = count === rest.length;
    if (isNew && isWhole) this.#epoll.add(socket, index);
    else if (isNew) this.#epoll.addForOutput(socket, index);
    else if (!isWhole) this.#epoll.change(socket, index, true);
  }

  #handle(index: number): void {
    try {
      if (this.#due[index] === -1) return this.#closeIdle(index);
      this.#active[index] = this.#time;
      if (this.#sent[index]! < this.#task.client.replies.message.length) {
        this.#send(index, false);
        if (this.#sent[index] === this.#task.client.replies.message.length) {
          this.#epoll.change(this.#sockets[index]!, index, false);
        }
        return;
      }
      const result = this.#task.client.replies.receive(index, this.#sockets[index]!);
      if (result === 0) this.#answer(index);
      else if (result !== INCOMPLETE) this.#fail(index, result);
    } catch (error) {
      this.#fail(index, errorNumberOf(error));
    }
  }

  #answer(index: number): void {
    this.#results.answer(this.#due[index]!, now());
    this.#refusedSince = Infinity;
    if (++this.#answered[index]! === this.#task.requests) {
      this.#results.succeed();
      this.#close(index);
    }
    this.#release(index);
  }

  #fail(index: number, kind: number): void {
    this.#results.fail(kind, this.#task.client.replies.wrongReply(index));
    this.#refusedSince = REFUSED.has(kind) ? Math.min(this.#refusedSince, this.#time) : Infinity;
    this.#close(index);
    this.#release(index);
  }

  /** The server has ended a connection between two requests, or sent what nobody asked for. */
  #closeIdle(index: number): void {
    this.#results.fail(Failure.shortReply);
    this.#close(index);
  }

  #close(index: number): void {
    if (this.#sockets[index] === -1) return;
    close(this.#sockets[index]!);
    this.#sockets[index] = -1;
    this.#answered[index] = 0;
    this.#open--;
  }

  /** Puts a connection back into the ring. */
  #release(index: number): void {
    this.#due[index] = -1;
    this.#busy--;
    this.#addIdle(index);
  }

  #lookForTimeouts(): void {
    this.#look = this.#time + LOOK_MS;
    const { timeoutMilliseconds } = this.#task;
    if (timeoutMilliseconds === 0) return;
    for (let i = 0; i < this.#due.length; i++) {
      if (this.#due[i] !== -1 && this.#time - this.#active[i]! > timeoutMilliseconds) {
        this.#fail(i, Errno.EAGAIN);
      }
    }
  }
}
