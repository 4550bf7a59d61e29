/**
 * The system calls by which one thread waits for many descriptors: poll(2), which gets all of them with each call,
 * and epoll(7), which keeps them and returns those that are ready.
 *
 * @module
 */
import { Poller, renumber } from "../posix/descriptors.ts";
import { createEpoll, LevelEpoll } from "../posix/epoll.ts";
import { close } from "../posix/io.ts";

/** Watches descriptors. One that is ready is reported by every `wait`, as long as it is. */
export interface EventPoller extends Disposable {
  /**
   * Watches a descriptor from now on for `READABLE`, for `WRITABLE`, or for nothing (0). It is also reported when its
   * peer has gone.
   */
  watch(descriptor: number, events: number): void;
  /** Watches a descriptor no more, which is closed now. */
  forget(descriptor: number): void;
  /**
   * Blocks until descriptors are ready.
   *
   * @param milliseconds the timeout, which may be a fraction; −1: none.
   * @returns how many of them `ready` has; 0 after the timeout.
   */
  wait(milliseconds: number): number;
  /** A descriptor that the last `wait` found ready. */
  ready(index: number): number;
}

/** Polls with poll(2): a call costs more the more descriptors there are. */
export class PollPoller implements EventPoller {
  readonly #poller = new Poller([]);
  /** Descriptors by index in the poller, and the other way round, plus 1. */
  readonly #descriptors: number[] = [];
  readonly #places: number[] = [];
  readonly #ready: number[] = [];

  watch(descriptor: number, events: number): void {
    const place = this.#places[descriptor] ?? 0;
    if (events === 0) {
      if (place !== 0) this.#remove(descriptor, place - 1);
    } else if (place !== 0) {
      this.#poller.set(place - 1, descriptor, events);
    } else {
      this.#poller.add(descriptor, events);
      this.#places[descriptor] = this.#descriptors.push(descriptor);
    }
  }

  forget(descriptor: number): void {
    this.watch(descriptor, 0);
  }

  #remove(descriptor: number, index: number): void {
    this.#poller.remove(index);
    const last = this.#descriptors.pop()!;
    this.#descriptors[index] = last;
    this.#places[last] = index + 1;
    this.#places[descriptor] = 0;
    if (last === descriptor) this.#descriptors.length = index;
  }

  wait(milliseconds: number): number {
    if (!this.#poller.wait(milliseconds)) return 0;
    let count = 0;
    for (let index = 0; index < this.#descriptors.length; index++) {
      if (this.#poller.isReady(index)) this.#ready[count++] = this.#descriptors[index]!;
    }
    return count;
  }

  ready(index: number): number {
    return this.#ready[index]!;
  }

  [Symbol.dispose](): void {
    // poll(2) keeps nothing.
  }
}

/** Where the descriptors of a poller begin. */
const OWN_DESCRIPTORS = 16;

/** Polls with epoll(7): a call costs no more with more descriptors, but each change of them is a call. */
export class EpollPoller implements EventPoller {
  // The lowest numbers are for clients, as where there is no such descriptor.
  readonly #descriptor = renumber(createEpoll(), OWN_DESCRIPTORS);
  readonly #epoll = new LevelEpoll(this.#descriptor);
  /** The instance is readable when one of its descriptors is ready. */
  readonly #self = new Poller([this.#descriptor]);
  /** What each descriptor is watched for. */
  readonly #events: number[] = [];
  readonly #areShared: boolean;

  /** `areShared`: another process may have a descriptor of the same connection, which keeps it in the instance. */
  constructor(areShared = false) {
    this.#areShared = areShared;
  }

  watch(descriptor: number, events: number): void {
    const before = this.#events[descriptor] ?? 0;
    if (events === before) return;
    this.#events[descriptor] = events;
    if (events === 0) this.#epoll.remove(descriptor);
    else this.#epoll.watch(descriptor, events, before !== 0);
  }

  forget(descriptor: number): void {
    if (this.#areShared) this.watch(descriptor, 0);
    else this.#events[descriptor] = 0;
  }

  wait(milliseconds: number): number {
    if (Number.isInteger(milliseconds)) return this.#epoll.wait(milliseconds);
    // epoll_wait(2) knows whole milliseconds only, and epoll_pwait2(2) came with Linux 5.11.
    return this.#self.wait(milliseconds) ? this.#epoll.wait(0) : 0;
  }

  ready(index: number): number {
    return this.#epoll.descriptor(index);
  }

  [Symbol.dispose](): void {
    close(this.#descriptor);
  }
}

/** The pollers by their system call. */
export const pollers = {
  poll: () => new PollPoller(),
  epoll: () => new EpollPoller(),
} as const satisfies Record<string, () => EventPoller>;
