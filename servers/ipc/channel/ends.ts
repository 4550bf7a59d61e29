/**
 * The descriptors a channel watches, in memory its threads share: the sockets it listens on, the
 * connections of its clients, and what tells of the ends of threads.
 *
 * @module
 */
import type { LevelEpoll } from "../../posix/epoll.ts";
import { close } from "../../posix/io.ts";
import { shutDown } from "../../posix/sockets.ts";
import { type ChannelMemory, End, EndKind, ENDS, Header } from "./memory.ts";

/** A channel's descriptors. Only who holds the channel's mutex adds to them. */
export class Ends {
  readonly #memory: ChannelMemory;
  readonly #ready: LevelEpoll;

  constructor(memory: ChannelMemory, ready: LevelEpoll) {
    this.#memory = memory;
    this.#ready = ready;
  }

  /** Watches a descriptor from now on; its row is the result, −1 where there is none left. */
  add(kind: EndKind, descriptor: number, pid = 0, scoid = 0): number {
    const { ends } = this.#memory;
    for (let row = 0; row < ENDS; row++) {
      if (ends.get(row, End.uses) > 0) continue;
      ends.set(row, End.kind, kind);
      ends.set(row, End.descriptor, descriptor);
      ends.set(row, End.pid, pid);
      ends.set(row, End.scoid, scoid);
      ends.set(row, End.connection, this.#memory.add(Header.lastNumber, 1));
      ends.set(row, End.isGone, 0);
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

  /** The first living client that fits; −1: none. */
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

  /** Keeps a descriptor open until `release`, whatever becomes of its other end. */
  keep(row: number): void {
    this.#memory.ends.add(row, End.uses, 1);
  }

  /** Closes the descriptor once nobody needs it any more. */
  release(row: number): void {
    const { ends } = this.#memory;
    const descriptor = ends.get(row, End.descriptor); // the row may be another's right afterwards
    if (ends.add(row, End.uses, -1) === 0) close(descriptor);
  }

  /** Whether clients wait for whom there was no descriptor. */
  get isStarved(): boolean {
    return this.#memory.get(Header.isStarved) === 1;
  }

  /** There is no descriptor for another client: it waits, and those that are here go on, until `feed`. */
  starve(): void {
    this.#memory.set(Header.isStarved, 1);
    this.#listeners((_, listener) => this.#ready.remove(listener));
  }

  /** There may be one again. */
  feed(): void {
    this.#memory.set(Header.isStarved, 0);
    this.#listeners((row, listener) => this.#ready.add(listener, row));
  }

  #listeners(what: (row: number, listener: number) => void): void {
    // The first rows are theirs.
    for (let row = 0; this.get(row, End.kind) === EndKind.listener; row++) {
      what(row, this.get(row, End.descriptor));
    }
  }

  /** Watches a descriptor no more. */
  remove(row: number): void {
    this.#memory.ends.set(row, End.isGone, 1);
    // Closing it would do, were there not forked processes that have it, too.
    this.#ready.remove(this.#memory.ends.get(row, End.descriptor));
    this.release(row);
  }

  /** Ends everything: whoever is at another end hears of it at once. */
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
