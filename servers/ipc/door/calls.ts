/**
 * What a thread of a pool does all day: it waits for any of the descriptors of the pool's doors, and
 * answers who calls.
 *
 * Between two calls it is blocked in the kernel, so that timers and events of a procedure only come while
 * a call of it is awaiting something.
 *
 * @module
 */
import { OneShotEpoll } from "../../posix/epoll.ts";
import { Errno, SystemError } from "../../posix/errors.ts";
import { close } from "../../posix/io.ts";
import { getpid } from "../../posix/processes.ts";
import { accept } from "../../posix/sockets.ts";
import { closeEnd, doorOf, End, endOf, tagOf } from "./ends.ts";
import {
  Kind,
  type ReceivedDoorMessage,
  receiveDoorMessage,
  refusal,
  sendDoorMessage,
} from "./letter.ts";
import { answerCall, deliverUnreferenced, failure, messageOf } from "./procedure.ts";
import type { Procedures } from "./procedures.ts";
import { CALLER_SOCKET, CALLER_TAG, type DoorSlot, type PoolCounts, type Table } from "./table.ts";
import type { FromThread } from "./thread_messages.ts";

/** A promise where it is not done yet. */
type Done = Promise<void> | void;

/** A thread's loop. */
export class Calls {
  readonly #table: Table;
  readonly #counts: PoolCounts;
  readonly #ready: OneShotEpoll;
  readonly #caller: Int32Array;
  readonly #procedures: Procedures;
  readonly #post: (message: FromThread) => void;
  readonly #pid = getpid();
  /** Whether no other thread was idle when this one was woken. */
  #wasLast = false;

  /** `caller` is where it notes, for its manager, who waits for it. */
  constructor(
    table: Table,
    { pool, set, caller }: { pool: number; set: number; caller: SharedArrayBuffer },
    procedures: Procedures,
    post: (message: FromThread) => void,
  ) {
    this.#table = table;
    this.#counts = table.pool(pool);
    this.#ready = new OneShotEpoll(set);
    this.#caller = new Int32Array(caller);
    this.#procedures = procedures;
    this.#post = post;
  }

  /** Answers calls until the pool ends. */
  async serve(): Promise<void> {
    this.#counts.endStart(); // from here on it may find itself the last that is idle
    for (;;) {
      this.#counts.rest();
      this.#ready.wait();
      this.#wasLast = this.#counts.wake();
      const { descriptor, tag } = this.#ready;
      if (endOf(tag) === End.pool) return this.#ready.rearm(descriptor, tag);
      const done = endOf(tag) === End.path
        ? this.#admit(descriptor, tag)
        : this.#take(descriptor, tag, receiveDoorMessage(descriptor));
      // Awaiting what is done costs more than asking.
      if (done) await done;
    }
  }

  /** A client opens a door, or its path is detached. */
  #admit(listener: number, tag: number): Done {
    const connection = acceptFrom(listener);
    if (connection === undefined) return this.#close(listener, tag);
    this.#ready.rearm(listener, tag);
    const own = tagOf(End.connection, doorOf(tag));
    this.#doorOf(tag).opened(true);
    // Who opens a door mostly calls it at once.
    const letter = receiveDoorMessage(connection, false);
    if (letter === "none") this.#ready.add(connection, own);
    else return this.#take(connection, own, letter, true);
  }

  /** Somebody calls, or goes away. */
  #take(
    connection: number,
    tag: number,
    letter: ReceivedDoorMessage | string,
    isNew = false,
  ): Done {
    if (typeof letter === "string") {
      return this.#table.hangUp(connection) ? this.#close(connection, tag) : undefined;
    }
    const isOver = letter.replyTo === -1; // the answer goes over the connection itself
    const socket = isOver ? connection : letter.replyTo;
    if (isOver) this.#table.hold(connection);
    if (isNew) this.#ready.add(connection, tag);
    else this.#ready.rearm(connection, tag);
    if (this.#wasLast && this.#counts.beginStart()) this.#post({ kind: "exhausted" });
    this.#caller[CALLER_TAG] = isOver ? tag : -1;
    Atomics.store(this.#caller, CALLER_SOCKET, socket);
    const done = this.#answer(this.#doorOf(tag), letter, socket);
    return done ? done.then(() => this.#finish(socket)) : this.#finish(socket);
  }

  /** Nobody waits on that socket any more. */
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

  #answer(door: DoorSlot, letter: ReceivedDoorMessage, socket: number): Done {
    if (letter.kind === Kind.call && letter.isComplete && door.isLive) {
      const loaded = this.#procedures.get(door.id);
      return loaded
        ? answerCall(loaded, letter, socket)
        : this.#loadAndAnswer(door, letter, socket);
    }
    letter.descriptors.forEach(close);
    if (!letter.isComplete) {
      sendDoorMessage(socket, refusal("EMFILE", "the server has no room for what was passed"));
    } else if (letter.kind === Kind.info) {
      this.#tell(door, socket);
    } else if (!door.isLive) {
      sendDoorMessage(socket, refusal("EBADF", "the door was revoked"));
    } else if (letter.sender.pid === this.#pid) {
      if (letter.kind === Kind.prepare) return this.#prepare(door.id);
      if (letter.kind === Kind.unreferenced) return this.#notify(door);
    }
  }

  async #loadAndAnswer(door: DoorSlot, letter: ReceivedDoorMessage, socket: number): Promise<void> {
    try {
      await answerCall(await this.#procedures.load(door.id), letter, socket);
    } catch (error) {
      letter.descriptors.forEach(close);
      sendDoorMessage(socket, failure(error));
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

  /** Tells the procedure that nobody refers to its door any more, where it wants to know. */
  async #notify(door: DoorSlot): Promise<void> {
    if (!door.claimUnreferenced()) return;
    const { id } = door;
    await deliverUnreferenced(this.#procedures.get(id) ?? await this.#procedures.load(id));
  }

  #tell({ isLive, id, notice, isPrivate }: DoorSlot, socket: number): void {
    const info = { target: this.#pid, id, unreferenced: notice, isPrivate, isRevoked: !isLive };
    sendDoorMessage(socket, {
      kind: Kind.info,
      data: new TextEncoder().encode(JSON.stringify(info)),
    });
  }
}

/** The next who connects; undefined where the listener was shut down. */
function acceptFrom(listener: number): number | undefined {
  try {
    return accept(listener);
  } catch (error) {
    if (error instanceof SystemError && error.errno === Errno.EINVAL) return undefined;
    throw error;
  }
}
