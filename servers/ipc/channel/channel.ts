/**
 * Channels, on which servers receive (QNX Neutrino's ChannelCreate() and ChannelDestroy()). Linux has none;
 * these are built from Unix sockets.
 *
 * Each connection is a socket for messages. One receiving thread at a time holds the channel's mutex: it
 * receives everything that has arrived on all sockets, then takes the next message by priority. The other
 * threads block in the mutex. All state is in memory shared by the threads.
 *
 * @module
 */
import { pipe } from "../../posix/descriptors.ts";
import { createEpoll, LevelEpoll } from "../../posix/epoll.ts";
import { Errno, SystemError } from "../../posix/errors.ts";
import { close } from "../../posix/io.ts";
import { getpid, gettid } from "../../posix/processes.ts";
import { listen, shutDown, SocketType } from "../../posix/sockets.ts";
import {
  closeOnThreadExit,
  createThreadExitKey,
  deleteThreadExitKey,
} from "../../posix/threads.ts";
import { channelAddress, privateAddress } from "./addresses.ts";
import { bindAttachSocket } from "./attached.ts";
import { Ends } from "./ends.ts";
import { ChannelFlag } from "./flags.ts";
import { Inbox } from "./inbox.ts";
import { CLOSED_PULSES, Intake } from "./intake.ts";
import { ChannelMemory, EndKind, Header, Slot } from "./memory.ts";
import { PULSE, Request } from "./packet.ts";

const KNOWN_FLAGS = Object.values(ChannelFlag).reduce((all, flag) => all | flag, CLOSED_PULSES);

/**
 * Creates a channel.
 *
 * @param flags of `ChannelFlag`, combined by `|`.
 * @returns its number (chid), with which every thread of this process can receive on it.
 * @throws {SystemError} EINVAL for an unknown flag; EBUSY if another channel of this process has
 * COID_DISCONNECT.
 */
export function channelCreate(flags = 0): number {
  return Channel.create(flags).chid;
}

/**
 * Destroys a channel. Threads blocked on it, to send or to receive, fail with ESRCH.
 *
 * @throws {SystemError} ESRCH if this process has no such channel.
 */
export function channelDestroy(chid: number): void {
  Channel.find(chid, "channelDestroy").destroy();
}

/** One thread's view of a channel. */
export class Channel {
  static readonly #known = new Map<number, Channel>();

  readonly chid: number;
  readonly memory: ChannelMemory;
  readonly inbox: Inbox;
  readonly ends: Ends;
  readonly #intake: Intake;
  /** A pipe's write end that is closed when this thread ends; −1: the end is not watched. */
  #threadEnd = -1;

  /** Creates a channel. Clients can also connect to the given listeners, which it takes over. */
  static create(flags: number, listeners: readonly number[] = []): Channel {
    if (flags & ~KNOWN_FLAGS) {
      throw new SystemError("channelCreate", `make a channel with flags ${flags}`, Errno.EINVAL);
    }
    const { chid, memory } = ChannelMemory.create();
    memory.set(Header.flags, flags);
    memory.set(Header.epoll, createEpoll());
    const channel = new Channel(chid, memory);
    try {
      channel.#open(flags, listeners);
    } catch (error) {
      channel.destroy();
      throw error;
    }
    this.#known.set(chid, channel);
    return channel;
  }

  /** The channel with that number. @throws {SystemError} ESRCH if this process has none. */
  static find(chid: number, call: string): Channel {
    const known = this.#known.get(chid);
    if (known && !known.isDestroyed) return known;
    this.#known.delete(chid);
    const memory = ChannelMemory.find(chid);
    if (!memory || memory.get(Header.isDestroyed)) {
      throw new SystemError(call, `find the channel ${chid}`, Errno.ESRCH);
    }
    const channel = new Channel(chid, memory);
    this.#known.set(chid, channel);
    return channel;
  }

  private constructor(chid: number, memory: ChannelMemory) {
    this.chid = chid;
    this.memory = memory;
    const ready = new LevelEpoll(memory.get(Header.epoll));
    this.inbox = new Inbox(memory);
    this.ends = new Ends(memory, ready);
    this.#intake = new Intake(memory, ready, this.ends, this.inbox);
  }

  get isDestroyed(): boolean {
    return this.memory.get(Header.isDestroyed) === 1;
  }

  has(flag: number): boolean {
    return (this.memory.get(Header.flags) & flag) !== 0;
  }

  /** The socket that clients connect to. */
  get listener(): number {
    return this.memory.get(Header.listener);
  }

  #open(flags: number, listeners: readonly number[]): void {
    const { memory } = this;
    for (const listener of listeners) this.ends.add(EndKind.listener, listener);
    const addressOf = flags & ChannelFlag.PRIVATE ? privateAddress : channelAddress;
    const listener = listen(addressOf(getpid(), this.chid), "make a channel", SocketType.messages);
    this.ends.add(EndKind.listener, listener);
    memory.set(Header.listener, listener);
    if (flags & ChannelFlag.THREAD_DEATH) memory.set(Header.exitKey, createThreadExitKey());
    if (flags & ChannelFlag.COID_DISCONNECT) {
      this.ends.add(EndKind.attached, bindAttachSocket());
      this.#intake.watchAttached();
    }
  }

  /**
   * Takes the next message or pulse by priority and blocks until there is one.
   *
   * @returns its row.
   * @throws {SystemError} ESRCH when the channel is destroyed.
   */
  take(): number {
    const { mutex, slots } = this.memory;
    mutex.acquire();
    try {
      this.#requireLive();
      this.#registerThread();
      for (;;) {
        this.#intake.receiveAll(this.inbox.isEmpty);
        this.#requireLive();
        const slot = this.inbox.next();
        if (slot === -1) continue;
        this.inbox.markReceived(slot);
        const isPulse = this.memory.request(slot)[Request.type] === PULSE;
        if (!isPulse) this.ends.keep(slots.get(slot, Slot.end));
        return slot;
      }
    } finally {
      mutex.release();
    }
  }

  #requireLive(): void {
    if (!this.isDestroyed) return;
    this.#unregisterThread();
    throw new SystemError("msgReceive", `receive on channel ${this.chid}`, Errno.ESRCH);
  }

  destroy(): void {
    const { memory } = this;
    memory.set(Header.isDestroyed, 1);
    // Receiving threads wake up, see that it is destroyed and release the mutex, one after another.
    shutDown(this.listener);
    memory.mutex.acquire();
    this.ends.removeAll();
    this.inbox.removeAll((end) => this.ends.release(end));
    memory.mutex.release();
    if (memory.get(Header.exitKey) !== -1) deleteThreadExitKey(memory.get(Header.exitKey));
    this.#unregisterThread();
    close(memory.get(Header.epoll));
    memory.discard();
    close(this.chid);
  }

  #registerThread(): void {
    const key = this.memory.get(Header.exitKey);
    if (key === -1 || this.#threadEnd !== -1) return;
    const [output, input] = pipe();
    this.ends.add(EndKind.thread, output, gettid());
    closeOnThreadExit(key, input);
    this.#threadEnd = input;
  }

  #unregisterThread(): void {
    if (this.#threadEnd !== -1) close(this.#threadEnd);
    this.#threadEnd = -1;
  }
}
