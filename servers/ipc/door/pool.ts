/**
 * A pool of threads in the thread that manages it: starting threads, sending them the definitions of doors,
 * and replying for threads that die.
 *
 * @module
 */
import { pipe } from "../../posix/descriptors.ts";
import { createEpoll, epollEntries, OneShotEpoll } from "../../posix/epoll.ts";
import { close } from "../../posix/io.ts";
import { closeEnd, doorOf, End, endOf, tagOf } from "./ends.ts";
import { refusal, reply } from "./message.ts";
import { CALLER_INTS, CALLER_SOCKET, CALLER_TAG, type PoolCounts, type Table } from "./table.ts";
import type { DoorDefinition, Envelope, FromThread, ToThread } from "./thread_messages.ts";

/** Handlers of the threads' requests, by name. */
export type RequestHandlers = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Creates a thread for a pool; undefined for none. */
export type CreateThread = () => Worker | undefined;

/** The state of a living thread. */
interface ThreadState {
  isReady: boolean;
  /** The caller that waits for it; see `CALLER_SOCKET`. */
  readonly caller: Int32Array;
}

/** A pool of threads. */
export class Pool {
  /** Descriptor of its epoll instance. */
  readonly epoll: number = createEpoll();
  readonly #table: Table;
  readonly #index: number;
  readonly #counts: PoolCounts;
  readonly #create: CreateThread;
  readonly #requests: RequestHandlers;
  readonly #end: readonly [output: number, input: number] = pipe();
  readonly #threads = new Map<Worker, ThreadState>();
  readonly #definitions = new Map<number, DoorDefinition>();
  /** Doors whose procedure is being loaded for the first time, by id. */
  readonly #preparing = new Map<number, PromiseWithResolvers<void>>();
  readonly #ended = Promise.withResolvers<void>();
  #isEnding = false;

  constructor(table: Table, index: number, create: CreateThread, requests: RequestHandlers) {
    this.#table = table;
    this.#index = index;
    this.#counts = table.pool(index);
    this.#counts.endStart(); // a previous pool with this index may have ended during a start
    this.#create = create;
    this.#requests = requests;
    new OneShotEpoll(this.epoll).add(this.#end[0], tagOf(End.pool, 0));
  }

  /** Whether it has no doors. */
  get isEmpty(): boolean {
    return this.#definitions.size === 0;
  }

  /** Whether it has no threads, not even one that is starting. */
  get hasNoThreads(): boolean {
    return this.#threads.size === 0;
  }

  /** Sends the definition of a door to all threads. */
  define(definition: DoorDefinition): void {
    this.#definitions.set(definition.id, definition);
    for (const worker of this.#threads.keys()) post(worker, { kind: "define", definition });
  }

  /** Resolves when a thread has loaded the door's procedure; rejects with a TypeError if it cannot. */
  prepared(id: number): Promise<void> {
    const preparing = Promise.withResolvers<void>();
    this.#preparing.set(id, preparing);
    return preparing.promise;
  }

  /** Removes a door. */
  forget(id: number): void {
    this.#definitions.delete(id);
    for (const worker of this.#threads.keys()) post(worker, { kind: "forget", id });
  }

  /** Starts threads. */
  start(count: number): void {
    for (let i = 0; i < count; i++) this.#start();
  }

  /** Ends every thread when it is idle, then closes all descriptors they polled. */
  end(): Promise<void> {
    this.#isEnding = true;
    close(this.#end[1]);
    this.#closeIfEnded();
    return this.#ended.promise;
  }

  #start(): void {
    const worker = this.#isEnding ? undefined : this.#create();
    if (worker === undefined) return this.#counts.endStart();
    const caller = new SharedArrayBuffer(4 * CALLER_INTS);
    const state = { isReady: false, caller: new Int32Array(caller).fill(-1) };
    this.#threads.set(worker, state);
    worker.addEventListener("message", ({ data }: MessageEvent<Partial<Envelope<FromThread>>>) => {
      if (data?.herdDoor) this.#handle(worker, state, data.herdDoor);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#handleDeath(worker, state, event.message);
    });
    const { memory: table } = this.#table;
    post(worker, { kind: "bind", table, pool: this.#index, epoll: this.epoll, caller });
    for (const definition of this.#definitions.values()) {
      post(worker, { kind: "define", definition });
    }
  }

  #handle(worker: Worker, state: ThreadState, message: FromThread): void {
    switch (message.kind) {
      case "ready":
        state.isReady = true;
        break;
      case "exhausted": // the thread has called beginStart()
        this.#start();
        break;
      case "prepared":
        if (message.error === undefined) this.#preparing.get(message.id)?.resolve();
        else this.#preparing.get(message.id)?.reject(new TypeError(message.error));
        this.#preparing.delete(message.id);
        break;
      case "ended":
        this.#threads.delete(worker);
        this.#closeIfEnded();
        break;
      case "request":
        this.#answerRequest(worker, message);
    }
  }

  async #answerRequest(
    worker: Worker,
    { number: to, name, args }: FromThread & { kind: "request" },
  ) {
    try {
      const value = await this.#requests[name]!(...args as never[]);
      post(worker, { kind: "answer", to, value });
    } catch (error) {
      post(worker, { kind: "answer", to, value: undefined, error: error as Error });
    }
  }

  /** A thread has died of an uncaught error. */
  #handleDeath(worker: Worker, { isReady, caller }: ThreadState, reason: string): void {
    this.#threads.delete(worker);
    const [socket, tag] = [caller[CALLER_SOCKET]!, caller[CALLER_TAG]!];
    if (socket !== -1) {
      reply(socket, refusal("EINTR", `its thread died: ${reason}`));
      if (tag === -1) close(socket);
      else if (this.#table.release(socket)) this.#close(socket, tag);
    }
    if (!isReady) {
      this.#counts.endStart();
      for (const { reject } of this.#preparing.values()) reject(new TypeError(reason));
      this.#preparing.clear();
    } else if (this.#counts.beginStart()) {
      this.#start();
    }
    this.#closeIfEnded();
  }

  #closeIfEnded(): void {
    if (!this.#isEnding || this.#threads.size > 0) return;
    for (const { descriptor, tag } of epollEntries(this.epoll)) {
      if (endOf(tag) === End.pool) close(descriptor);
      else this.#close(descriptor, tag);
    }
    close(this.epoll);
    this.#ended.resolve();
  }

  #close(descriptor: number, tag: number): void {
    closeEnd(this.#table.doors[doorOf(tag)]!, endOf(tag), descriptor);
  }
}

function post(worker: Worker, message: ToThread): void {
  worker.postMessage({ herdDoor: message } satisfies Envelope<ToThread>);
}
