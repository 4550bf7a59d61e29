/**
 * A thread of a pool: waits for calls of the pool's doors and runs their procedures.
 *
 * Between two calls it is blocked in the kernel, so that timers and events of a procedure only come while
 * a call of it is awaiting something.
 *
 * @module
 */
import { ReadySet } from "../posix/epoll.ts";
import { Errno, SystemError } from "../posix/errors.ts";
import type { Credentials } from "../posix/messages.ts";
import { getpid } from "../posix/processes.ts";
import { accept, close, duplicate } from "../posix/sockets.ts";
import { addEnd, closeEnd, doorOf, End, endOf } from "./ends.ts";
import { Kind, type Letter, type ReceivedLetter, receiveLetter, sendLetter } from "./letter.ts";
import { type Passed, passOn, useTable } from "./passing.ts";
import { type DoorSlot, type PoolCounts, Table } from "./table.ts";

/** What a procedure returns. */
export interface DoorResult extends Passed {
  readonly data?: Uint8Array<ArrayBuffer>;
}

/**
 * A procedure behind a door: the default export of a module, which every thread loads for itself.
 *
 * The descriptors that came with a call are the procedure's to close. Where the door was made with
 * `unreferenced`, a call with `DOOR_UNREF_DATA` as data says that nobody refers to the door any more.
 */
export type Procedure<Cookie = unknown> = (
  cookie: Cookie,
  data: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
) => DoorResult | void | Promise<DoorResult | void>;

/** The data of the call that says that nobody refers to the door any more. */
export const DOOR_UNREF_DATA: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** A door as its threads are told of it. */
export interface Definition {
  readonly id: number;
  /** URL of the procedure's module. */
  readonly procedure: string;
  readonly cookie: unknown;
}

/** What a thread is told by who manages its pool. */
export type ToThread =
  | {
    readonly kind: "bind";
    readonly table: SharedArrayBuffer;
    readonly pool: number;
    readonly set: number;
    /** Where the thread notes on which socket its caller waits. */
    readonly caller: SharedArrayBuffer;
  }
  | { readonly kind: "define"; readonly definition: Definition }
  | { readonly kind: "forget"; readonly id: number }
  | {
    readonly kind: "answer";
    readonly to: number;
    readonly value: unknown;
    readonly error?: Error;
  };

/** What a thread tells who manages its pool. */
export type FromThread =
  /** It waits for calls. */
  | { readonly kind: "ready" }
  /** It was the last one that did. */
  | { readonly kind: "exhausted" }
  /** It has loaded a procedure, or cannot. */
  | { readonly kind: "prepared"; readonly id: number; readonly error?: string }
  /** Its pool has ended, and it does now. */
  | { readonly kind: "ended" }
  /** A procedure asks for what only the manager can do. */
  | {
    readonly kind: "request";
    readonly number: number;
    readonly name: string;
    readonly args: readonly unknown[];
  };

/** How messages of this library are told from others a Worker may get. */
export interface Envelope<T> {
  readonly herdDoor: T;
}

/** The call that a thread is answering. */
interface Call {
  readonly sender: Credentials | undefined;
  /** Sends what the procedure returns, the first time. */
  answer(letter: Letter & Passed): void;
}

let call: Call | undefined;
let thread: Thread | undefined;

/** Thrown by `doorReturn` through the procedure. */
const RETURNED = Symbol("door returned");

/**
 * Ends the call with a result and does not come back, as door_return(3C). What a procedure returns does
 * the same.
 *
 * @throws {Error} outside of a procedure's call.
 */
export function doorReturn(result: DoorResult = {}): never {
  if (call === undefined) throw new Error("Cannot return from a door: no call is being answered");
  call.answer({ kind: Kind.result, ...result });
  throw RETURNED;
}

/**
 * Who made the call that is being answered, from the kernel: the process that called, whoever opened the
 * door.
 *
 * @throws {Error} outside of a procedure's call, and in that which says that nobody refers to the door.
 */
export function doorCred(): Credentials {
  if (call?.sender) return call.sender;
  throw new Error("Cannot tell who called a door: no call is being answered");
}

/**
 * Makes this Worker a thread of a pool, which answers calls until the pool ends. To be called first of
 * all in a module that `doorServerCreate` starts.
 *
 * @param prepare what is to be done before the thread takes calls.
 */
export async function doorBind(prepare?: () => Promise<void>): Promise<void> {
  const bound = Promise.withResolvers<void>();
  self.addEventListener("message", (event) => {
    const message = (event as MessageEvent<Partial<Envelope<ToThread>>>).data?.herdDoor;
    if (message?.kind === "bind") {
      thread = new Thread(message);
      bound.resolve();
    } else if (message) thread!.hear(message);
  });
  await Promise.all([bound.promise, prepare?.()]);
  post({ kind: "ready" });
  await thread!.serve();
  post({ kind: "ended" });
}

/** Asks who manages the pool of this thread; undefined where this is none. */
export function askManager(
  name: string,
  ...args: readonly unknown[]
): Promise<unknown> | undefined {
  return thread?.ask(name, args);
}

function post(message: FromThread): void {
  (self as unknown as Worker).postMessage({ herdDoor: message } satisfies Envelope<FromThread>);
}

class Thread {
  readonly #table: Table;
  readonly #counts: PoolCounts;
  readonly #ready: ReadySet;
  readonly #caller: Int32Array;
  // By the door's id.
  readonly #definitions = new Map<number, Definition>();
  readonly #procedures = new Map<number, Procedure>();
  readonly #answers = new Map<number, PromiseWithResolvers<unknown>>();
  #heard = Promise.withResolvers<void>();
  #asked = 0;

  constructor({ table, pool, set, caller }: ToThread & { kind: "bind" }) {
    this.#table = new Table(table);
    this.#counts = this.#table.pool(pool);
    this.#ready = new ReadySet(set);
    this.#caller = new Int32Array(caller);
    useTable(this.#table);
  }

  hear(message: Exclude<ToThread, { kind: "bind" }>): void {
    if (message.kind === "define") {
      this.#definitions.set(message.definition.id, message.definition);
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
    } else if (message.kind === "forget") {
      this.#definitions.delete(message.id);
      this.#procedures.delete(message.id);
    } else {
      const { resolve, reject } = this.#answers.get(message.to)!;
      this.#answers.delete(message.to);
      message.error ? reject(message.error) : resolve(message.value);
    }
  }

  ask(name: string, args: readonly unknown[]): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    const number = this.#asked++;
    this.#answers.set(number, answer);
    post({ kind: "request", number, name, args });
    return answer.promise;
  }

  /** Answers calls until the pool ends. */
  async serve(): Promise<void> {
    this.#counts.endStart(); // from here on it may find itself the last that is idle
    for (;;) {
      this.#counts.rest();
      this.#ready.wait();
      const wasLast = this.#counts.wake();
      const { descriptor, tag } = this.#ready;
      const [end, door] = [endOf(tag), this.#table.doors[doorOf(tag)]!];
      if (end === End.pool) return this.#ready.arm(descriptor, tag);
      if (end === End.path) await this.#admit(door, descriptor, tag);
      else await this.#take(door, descriptor, tag, wasLast);
    }
  }

  /** A client opens a door, or its path is detached. */
  async #admit(door: DoorSlot, listener: number, tag: number): Promise<void> {
    let connection;
    try {
      connection = accept(listener);
    } catch (error) {
      // What a listener that was shut down says.
      if (!(error instanceof SystemError) || error.errno !== Errno.EINVAL) throw error;
      if (closeEnd(door, End.path, listener)) await this.#notify(door);
      return;
    }
    addEnd(door, End.connection, connection);
    this.#ready.arm(listener, tag);
  }

  /** Somebody calls, or goes away. */
  async #take(door: DoorSlot, descriptor: number, tag: number, wasLast: boolean): Promise<void> {
    const letter = receiveLetter(descriptor);
    if (letter === undefined) {
      if (closeEnd(door, endOf(tag), descriptor)) await this.#notify(door);
      return;
    }
    const replyTo = this.#socketFor(letter, descriptor);
    Atomics.store(this.#caller, 0, replyTo + 1);
    this.#ready.arm(descriptor, tag);
    if (wasLast && this.#counts.beginStart()) post({ kind: "exhausted" });
    try {
      if (replyTo !== -1) await this.#answer(door, letter, replyTo);
    } finally {
      Atomics.store(this.#caller, 0, 0);
      close(replyTo);
    }
  }

  /** The socket to answer on, which is this thread's to close; −1 where there is none. */
  #socketFor(letter: ReceivedLetter, descriptor: number): number {
    if (letter.replyTo !== -1) return letter.replyTo;
    try {
      // Once it is armed, another thread may find it closed and close it: a copy stays this thread's.
      return duplicate(descriptor);
    } catch {
      letter.descriptors.forEach(close);
      refuse(descriptor, NO_ROOM);
      return -1;
    }
  }

  #answer(door: DoorSlot, letter: ReceivedLetter, replyTo: number): Promise<void> | void {
    const isOwn = letter.sender.pid === getpid();
    if (letter.kind === Kind.call && letter.complete && door.isLive) {
      return this.#call(door, letter, replyTo);
    }
    letter.descriptors.forEach(close);
    if (!letter.complete) return refuse(replyTo, NO_ROOM);
    if (letter.kind === Kind.info) return this.#tell(door, replyTo);
    if (!door.isLive) return refuse(replyTo, "EBADF the door was revoked");
    if (letter.kind === Kind.prepare && isOwn) return this.#prepare(door);
    if (letter.kind === Kind.unreferenced && isOwn) return this.#notify(door);
  }

  async #call(door: DoorSlot, letter: ReceivedLetter, replyTo: number): Promise<void> {
    let isAnswered = false;
    call = {
      sender: letter.sender,
      answer: (result) => {
        if (!isAnswered) sendResult(replyTo, result, letter.room);
        isAnswered = true;
      },
    };
    try {
      const procedure = this.#procedures.get(door.id) ?? await this.#load(door.id);
      const { cookie } = this.#definitions.get(door.id)!;
      const result = procedure(cookie, letter.data, letter.descriptors);
      call.answer({ kind: Kind.result, ...(result instanceof Promise ? await result : result) });
    } catch (error) {
      if (error !== RETURNED) call.answer(failure(error));
    } finally {
      call = undefined;
    }
  }

  async #load(id: number): Promise<Procedure> {
    // The definition was sent before the door could be called, but messages only come when awaited.
    while (!this.#definitions.has(id)) await this.#heard.promise;
    const { procedure: url } = this.#definitions.get(id)!;
    const { default: procedure } = await import(url);
    if (typeof procedure !== "function") {
      throw new TypeError(`Cannot run ${url} as a procedure: its default export is no function`);
    }
    this.#procedures.set(id, procedure);
    return procedure;
  }

  async #prepare(door: DoorSlot): Promise<void> {
    const { id } = door;
    try {
      await this.#load(id);
      post({ kind: "prepared", id });
    } catch (error) {
      post({ kind: "prepared", id, error: messageOf(error) });
    }
  }

  /** Tells the procedure that nobody refers to its door any more. */
  async #notify(door: DoorSlot): Promise<void> {
    if (!door.takeNotice()) return;
    call = { sender: undefined, answer: () => {} };
    try {
      const procedure = this.#procedures.get(door.id) ?? await this.#load(door.id);
      await procedure(this.#definitions.get(door.id)!.cookie, DOOR_UNREF_DATA, []);
    } catch (error) {
      if (error !== RETURNED) console.error(`A door's procedure failed: ${messageOf(error)}`);
    } finally {
      call = undefined;
    }
  }

  #tell({ isLive, id, notice, isPrivate }: DoorSlot, replyTo: number): void {
    const info = { target: getpid(), id, unreferenced: notice, isPrivate, isRevoked: !isLive };
    sendLetter(replyTo, { kind: Kind.info, data: encode(JSON.stringify(info)) });
  }
}

const NO_ROOM = "EMFILE the server has no room for the descriptors, or the data";

/** Sends what a procedure returned, as far as it can be sent. A caller that went away is no matter. */
function sendResult(replyTo: number, result: Letter & Passed, room: number): void {
  // A caller that leaves its answers unread waits in vain for this one: the thread must not.
  const wait = false;
  try {
    passOn(result, (descriptors) => sendLetter(replyTo, { ...result, descriptors }, room, wait));
  } catch (error) {
    sendLetter(replyTo, failure(error), room, wait);
  }
}

function refuse(replyTo: number, reason: string): void {
  sendLetter(replyTo, { kind: Kind.refused, data: encode(reason) });
}

function failure(error: unknown): Letter {
  return { kind: Kind.failed, data: encode(messageOf(error)) };
}

const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error);
const encode = (text: string) => new TextEncoder().encode(text);
