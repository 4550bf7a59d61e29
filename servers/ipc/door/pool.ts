/**
 * A pool of threads, as the thread sees it that manages it: it makes them, tells them of doors, and
 * answers for those that die.
 *
 * @module
 */
import { pipe } from "../../posix/descriptors.ts";
import { createEpoll, epollEntries, OneShotEpoll } from "../../posix/epoll.ts";
import { close } from "../../posix/io.ts";
import { closeEnd, doorOf, End, endOf, tagOf } from "./ends.ts";
import { refusal, sendDoorMessage } from "./letter.ts";
import { CALLER_INTS, CALLER_SOCKET, CALLER_TAG, type PoolCounts, type Table } from "./table.ts";
import type { Definition, Envelope, FromThread, ToThread } from "./thread_messages.ts";

/** What a thread asks its manager for, by name. */
export type Requests = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Makes a thread for a pool; undefined where there is to be none for now. */
export type MakeThread = () => Worker | undefined;

/** A thread that lives. */
interface Living {
  isReady: boolean;
  /** Who waits for it, as in `table.ts`. */
  readonly caller: Int32Array;
}

/** A pool of threads. */
export class Pool {
  /** The descriptors it waits for, as a `OneShotEpoll`. */
  readonly set: number = createEpoll();
  readonly #table: Table;
  readonly #index: number;
  readonly #counts: PoolCounts;
  readonly #make: MakeThread;
  readonly #requests: Requests;
  readonly #end: readonly [output: number, input: number] = pipe();
  readonly #threads = new Map<Worker, Living>();
  readonly #definitions = new Map<number, Definition>();
  /** Doors whose procedure is being loaded for the first time, by id. */
  readonly #preparing = new Map<number, PromiseWithResolvers<void>>();
  readonly #ended = Promise.withResolvers<void>();
  #isEnding = false;

  constructor(table: Table, index: number, make: MakeThread, requests: Requests) {
    this.#table = table;
    this.#index = index;
    this.#counts = table.pool(index);
    this.#counts.endStart(); // one that was there before may have ended meanwhile
    this.#make = make;
    this.#requests = requests;
    new OneShotEpoll(this.set).add(this.#end[0], tagOf(End.pool, 0));
  }

  /** Whether it has no doors. */
  get isEmpty(): boolean {
    return this.#definitions.size === 0;
  }

  /** Whether it has no threads, not even one that starts. */
  get isIdle(): boolean {
    return this.#threads.size === 0;
  }

  /** Tells all threads of a door. */
  define(definition: Definition): void {
    this.#definitions.set(definition.id, definition);
    for (const worker of this.#threads.keys()) tell(worker, { kind: "define", definition });
  }

  /** Resolves once a thread has loaded the procedure of the door; rejects if it cannot. */
  prepared(id: number): Promise<void> {
    const preparing = Promise.withResolvers<void>();
    this.#preparing.set(id, preparing);
    return preparing.promise;
  }

  /** Forgets a door. */
  forget(id: number): void {
    this.#definitions.delete(id);
    for (const worker of this.#threads.keys()) tell(worker, { kind: "forget", id });
  }

  /** Starts that many threads. */
  start(count: number): void {
    for (let i = 0; i < count; i++) this.#start();
  }

  /** Ends every thread as soon as it is idle, and closes everything they waited for. */
  end(): Promise<void> {
    this.#isEnding = true;
    close(this.#end[1]);
    this.#closeIfOver();
    return this.#ended.promise;
  }

  #start(): void {
    const worker = this.#isEnding ? undefined : this.#make();
    if (worker === undefined) return this.#counts.endStart();
    const caller = new SharedArrayBuffer(4 * CALLER_INTS);
    const living = { isReady: false, caller: new Int32Array(caller).fill(-1) };
    this.#threads.set(worker, living);
    worker.addEventListener("message", ({ data }: MessageEvent<Partial<Envelope<FromThread>>>) => {
      if (data?.herdDoor) this.#hear(worker, living, data.herdDoor);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#lose(worker, living, event.message);
    });
    const { memory: table } = this.#table;
    tell(worker, { kind: "bind", table, pool: this.#index, set: this.set, caller });
    for (const definition of this.#definitions.values()) {
      tell(worker, { kind: "define", definition });
    }
  }

  #hear(worker: Worker, living: Living, message: FromThread): void {
    switch (message.kind) {
      case "ready":
        living.isReady = true;
        break;
      case "exhausted": // the thread has said that one is being started
        this.#start();
        break;
      case "prepared":
        if (message.error === undefined) this.#preparing.get(message.id)?.resolve();
        else this.#preparing.get(message.id)?.reject(new TypeError(message.error));
        this.#preparing.delete(message.id);
        break;
      case "ended":
        this.#threads.delete(worker);
        this.#closeIfOver();
        break;
      case "request":
        this.#serve(worker, message);
    }
  }

  async #serve(worker: Worker, { number: to, name, args }: FromThread & { kind: "request" }) {
    try {
      const value = await this.#requests[name]!(...args as never[]);
      tell(worker, { kind: "answer", to, value });
    } catch (error) {
      tell(worker, { kind: "answer", to, value: undefined, error: error as Error });
    }
  }

  /** A thread has died, of an error that nobody caught. */
  #lose(worker: Worker, { isReady, caller }: Living, reason: string): void {
    this.#threads.delete(worker);
    const [socket, tag] = [caller[CALLER_SOCKET]!, caller[CALLER_TAG]!];
    if (socket !== -1) {
      sendDoorMessage(socket, refusal("EINTR", `the thread that answered it died: ${reason}`));
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
    this.#closeIfOver();
  }

  #closeIfOver(): void {
    if (!this.#isEnding || this.#threads.size > 0) return;
    for (const { descriptor, tag } of epollEntries(this.set)) {
      if (endOf(tag) === End.pool) close(descriptor);
      else this.#close(descriptor, tag);
    }
    close(this.set);
    this.#ended.resolve();
  }

  #close(descriptor: number, tag: number): void {
    closeEnd(this.#table.doors[doorOf(tag)]!, endOf(tag), descriptor);
  }
}

function tell(worker: Worker, message: ToThread): void {
  worker.postMessage({ herdDoor: message } satisfies Envelope<ToThread>);
}
