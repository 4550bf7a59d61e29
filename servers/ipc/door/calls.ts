/**
 * The loop of a pool's thread: it waits for the descriptors of the pool's doors and answers calls.
 *
 * Between two calls it is blocked in the kernel, so timers and events of a procedure only fire while one of
 * its calls awaits something.
 *
 * @module
 */
import { OneShotEpoll } from "../../posix/epoll.ts";
import { Errno, hasErrno } from "../../posix/errors.ts";
import { close } from "../../posix/io.ts";
import { getpid } from "../../posix/processes.ts";
import { accept } from "../../posix/sockets.ts";
import { closeEnd, doorOf, End, endOf, tagOf } from "./ends.ts";
import { Kind, type ReceivedDoorMessage, receiveDoorMessage, refusal, reply } from "./message.ts";
import { answerCall, deliverUnreferenced, failure, messageOf } from "./procedure.ts";
import type { Procedures } from "./procedures.ts";
import { CALLER_SOCKET, CALLER_TAG, type DoorSlot, type PoolCounts, type Table } from "./table.ts";
import type { FromThread } from "./thread_messages.ts";

/** A promise if the work is not done yet. */
type Done = Promise<void> | void;

/** The loop of a thread. */
export class Calls {
  readonly #table: Table;
  readonly #counts: PoolCounts;
  readonly #ready: OneShotEpoll;
  readonly #caller: Int32Array;
  readonly #procedures: Procedures;
  readonly #post: (message: FromThread) => void;
  readonly #pid = getpid();
  /** Whether no other thread was idle when this one woke up. */
  #wasLast = false;

  /** `caller` is where the thread records, for its manager, the caller that is waiting for it. */
  constructor(
    table: Table,
    { pool, epoll, caller }: { pool: number; epoll: number; caller: SharedArrayBuffer },
    procedures: Procedures,
    post: (message: FromThread) => void,
  ) {
    this.#table = table;
    this.#counts = table.pool(pool);
    this.#ready = new OneShotEpoll(epoll);
    this.#caller = new Int32Array(caller);
    this.#procedures = procedures;
    this.#post = post;
  }

  /** Answers calls until the pool ends. */
  async serve(): Promise<void> {
    this.#counts.endStart(); // from here on it may be the last idle thread
    for (;;) {
      this.#counts.markIdle();
      this.#ready.wait();
      this.#wasLast = this.#counts.markBusy();
      const { descriptor, tag } = this.#ready;
      if (endOf(tag) === End.pool) return this.#ready.rearm(descriptor, tag);
      const done = endOf(tag) === End.path
        ? this.#acceptClient(descriptor, tag)
        : this.#handleMessage(descriptor, tag, receiveDoorMessage(descriptor));
      // Awaiting undefined costs more than this test.
      if (done) await done;
    }
  }

  /** A client opens a door, or the path was detached. */
  #acceptClient(listener: number, tag: number): Done {
    const connection = acceptFrom(listener);
    if (connection === undefined) return this.#close(listener, tag);
    this.#ready.rearm(listener, tag);
    const own = tagOf(End.connection, doorOf(tag));
    this.#doorOf(tag).opened(true);
    // Clients usually call a door directly after opening it.
    const message = receiveDoorMessage(connection, false);
    if (message === "none") this.#ready.add(connection, own);
    else return this.#handleMessage(connection, own, message, true);
  }

  /** A client calls, or has disconnected. */
  #handleMessage(
    connection: number,
    tag: number,
    message: ReceivedDoorMessage | string,
    isNew = false,
  ): Done {
    if (typeof message === "string") {
      return this.#table.hangUp(connection) ? this.#close(connection, tag) : undefined;
    }
    const isDirect = message.replyTo === -1; // the reply goes over the connection itself
    const socket = isDirect ? connection : message.replyTo;
    if (isDirect) this.#table.hold(connection);
    if (isNew) this.#ready.add(connection, tag);
    else this.#ready.rearm(connection, tag);
    if (this.#wasLast && this.#counts.beginStart()) this.#post({ kind: "exhausted" });
    this.#caller[CALLER_TAG] = isDirect ? tag : -1;
    Atomics.store(this.#caller, CALLER_SOCKET, socket);
    const done = this.#answer(this.#doorOf(tag), message, socket);
    return done ? done.then(() => this.#finish(socket)) : this.#finish(socket);
  }

  /** The caller waiting on that socket has its reply. */
  #finish(socket: number): Done {
    const tag = this.#caller[CALLER_TAG]!;
    Atomics.store(this.#caller, CALLER_SOCKET, -1);
    if (tag === -1) close(socket);
    else if (this.#table.release(socket)) return this.#close(socket, tag);
  }

  /** Closes a descriptor of the pool. */
  #close(descriptor: number, tag: number): Done {
    const door = this.#doorOf(tag);
    if (closeEnd(door, endOf(tag), descriptor)) return this.#notify(door);
  }

  #doorOf(tag: number): DoorSlot {
    return this.#table.doors[doorOf(tag)]!;
  }

  #answer(door: DoorSlot, message: ReceivedDoorMessage, socket: number): Done {
    if (message.kind === Kind.call && message.isComplete && door.isLive) {
      const loaded = this.#procedures.get(door.id);
      return loaded
        ? answerCall(loaded, message, socket)
        : this.#loadAndAnswer(door, message, socket);
    }
    message.descriptors.forEach(close);
    if (!message.isComplete) {
      reply(socket, refusal("EMFILE", "the server could not receive what was passed"));
    } else if (message.kind === Kind.info) {
      this.#sendInfo(door, socket);
    } else if (!door.isLive) {
      reply(socket, refusal("EBADF", "the door was revoked"));
    } else if (message.kind === Kind.prepare && message.sender.pid === this.#pid) {
      return this.#prepare(door.id);
    }
  }

  async #loadAndAnswer(
    door: DoorSlot,
    message: ReceivedDoorMessage,
    socket: number,
  ): Promise<void> {
    try {
      await answerCall(await this.#procedures.load(door.id), message, socket);
    } catch (error) {
      message.descriptors.forEach(close);
      reply(socket, failure(error));
    }
  }

  async #prepare(id: number): Promise<void> {
    try {
      await this.#procedures.load(id);
      this.#post({ kind: "prepared", id });
    } catch (error) {
      this.#post({ kind: "prepared", id, error: messageOf(error) });
    }
  }

  /** Delivers the unreferenced call to the door's procedure, if it is due. */
  async #notify(door: DoorSlot): Promise<void> {
    if (!door.claimUnreferenced()) return;
    const { id } = door;
    await deliverUnreferenced(this.#procedures.get(id) ?? await this.#procedures.load(id));
  }

  #sendInfo({ isLive, id, unreferencedMode, isPrivate }: DoorSlot, socket: number): void {
    const info = {
      target: this.#pid,
      id,
      unreferenced: unreferencedMode,
      isPrivate,
      isRevoked: !isLive,
    };
    reply(socket, {
      kind: Kind.info,
      data: new TextEncoder().encode(JSON.stringify(info)),
    });
  }
}

/** Accepts a connection; undefined if the listener was shut down. */
function acceptFrom(listener: number): number | undefined {
  try {
    return accept(listener);
  } catch (error) {
    if (hasErrno(error, Errno.EINVAL)) return undefined;
    throw error;
  }
}
