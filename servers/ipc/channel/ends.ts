/**
 * The descriptors that a channel polls, in memory shared by its threads: listeners, connections of clients,
 * and pipes that are closed at the end of threads.
 *
 * @module
 */
import type { LevelEpoll } from "../../posix/epoll.ts";
import { close } from "../../posix/io.ts";
import { shutDown } from "../../posix/sockets.ts";
import { type ChannelMemory, End, EndKind, ENDS, Header } from "./memory.ts";

/** The descriptors of a channel. They are only added by the thread that holds the channel's mutex. */
export class Ends {
  readonly #memory: ChannelMemory;
  readonly #ready: LevelEpoll;

  constructor(memory: ChannelMemory, ready: LevelEpoll) {
    this.#memory = memory;
    this.#ready = ready;
  }

  /** Adds a descriptor. Returns its row, or −1 if all are in use. */
  add(kind: EndKind, descriptor: number, pid = 0, scoid = 0): number {
    const { ends } = this.#memory;
    for (let row = 0; row < ENDS; row++) {
      if (ends.get(row, End.uses) > 0) continue;
      ends.set(row, End.kind, kind);
      ends.set(row, End.descriptor, descriptor);
      ends.set(row, End.pid, pid);
      ends.set(row, End.scoid, scoid);
      ends.set(row, End.connection, this.#memory.add(Header.lastNumber, 1));
      for (const field of [End.isGone, End.queued, End.isWaiting]) ends.set(row, field, 0);
      ends.set(row, End.uses, 1);
      this.#memory.set(Header.endsUsed, Math.max(this.#memory.get(Header.endsUsed), row + 1));
      this.#ready.add(descriptor, row);
      return row;
    }
    return -1;
  }

  get(row: number, field: number): number {
    return this.#memory.ends.get(row, field);
  }

  set(row: number, field: number, value: number): void {
    this.#memory.ends.set(row, field, value);
  }

  /** The row of the first connected client with that value; −1: none. */
  findClient(field: number, value: number): number {
    const { ends } = this.#memory;
    const used = this.#memory.get(Header.endsUsed);
    for (let row = 0; row < used; row++) {
      if (ends.get(row, field) !== value || ends.get(row, End.uses) === 0) continue;
      const isClient = ends.get(row, End.kind) === EndKind.client;
      if (isClient && ends.get(row, End.isGone) === 0) return row;
    }
    return -1;
  }

  /** Keeps a descriptor open until `release`, even if its peer disconnects. */
  keep(row: number): void {
    this.#memory.ends.add(row, End.uses, 1);
  }

  /** Ends a use of a descriptor and closes it after the last one. */
  release(row: number): void {
    const { ends } = this.#memory;
    const descriptor = ends.get(row, End.descriptor); // the row may be reused directly afterwards
    if (ends.add(row, End.uses, -1) === 0) close(descriptor);
  }

  /** Whether accepting is paused for want of descriptors. */
  get isAcceptPaused(): boolean {
    return this.#memory.get(Header.isAcceptPaused) === 1;
  }

  /** Stops polling listeners: new clients wait in the backlog, while others are served. */
  pauseAccepting(): void {
    this.#memory.set(Header.isAcceptPaused, 1);
    this.#listeners((_, listener) => this.#ready.remove(listener));
  }

  /** Polls the listeners again. */
  resumeAccepting(): void {
    this.#memory.set(Header.isAcceptPaused, 0);
    this.#listeners((row, listener) => this.#ready.add(listener, row));
  }

  #listeners(what: (row: number, listener: number) => void): void {
    // Listeners have the first rows.
    for (let row = 0; this.get(row, End.kind) === EndKind.listener; row++) {
      what(row, this.get(row, End.descriptor));
    }
  }

  /** Removes a descriptor. */
  remove(row: number): void {
    this.#memory.ends.set(row, End.isGone, 1);
    // Closing it is not enough, because forked processes may have copies.
    this.#ready.remove(this.#memory.ends.get(row, End.descriptor));
    this.release(row);
  }

  /** Shuts down and removes all descriptors; peers detect it at once. */
  removeAll(): void {
    const used = this.#memory.get(Header.endsUsed);
    for (let row = 0; row < used; row++) {
      const isWatched = this.get(row, End.uses) > 0 && this.get(row, End.isGone) === 0;
      if (!isWatched) continue;
      shutDown(this.get(row, End.descriptor));
      this.remove(row);
    }
  }
}
