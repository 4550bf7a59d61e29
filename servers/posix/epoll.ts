/**
 * Sets of descriptors that threads wait for (epoll(7)).
 *
 * @module
 */
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { libc } from "./libc.ts";

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;
const EPOLLHUP = 0x10;
const EPOLLONESHOT = 1 << 30;
// struct epoll_event is packed on x86-64 only: events, then data.
const DATA_AT = Deno.build.arch === "x86_64" ? 4 : 8;
const EVENT_BYTES = DATA_AT + 8;

/** Makes a set; its descriptor is for `OneShotEpoll` or `LevelEpoll`, in any thread of the process. */
export function createEpoll(): number {
  return checked(libc.epoll_create1(EPOLL_CLOEXEC), "epoll_create1", "make a set of descriptors");
}

/** All descriptors of a set with their tags (proc_pid_fdinfo(5)). */
export function watched(set: number): { readonly descriptor: number; readonly tag: number }[] {
  const lines = readText(`/proc/self/fdinfo/${set}`).matchAll(/^tfd:.* data:\s*([0-9a-f]+)/gm);
  return [...lines].map(([, data]) => {
    const bits = BigInt(`0x${data}`);
    return { descriptor: Number(bits & 0xffffffffn), tag: Number(bits >> 32n) };
  });
}

/**
 * A set that several threads wait for together, as one of them sees it.
 *
 * Each descriptor is given to one thread at a time (EPOLLONESHOT): until that thread arms it again, no
 * other hears of it, so it may be read from and closed without a lock. Of the waiting threads the one
 * that came last is woken, whose caches are warm.
 */
export class OneShotEpoll {
  readonly #set: number;
  readonly #event = new Uint8Array(DATA_AT + 8);
  readonly #view = new DataView(this.#event.buffer);
  /** After `wait`: the descriptor that is ready, or whose other end is closed. */
  descriptor = -1;
  /** What it was added with. */
  tag = 0;

  /** The set of that descriptor. */
  constructor(set: number) {
    this.#set = set;
  }

  /** Adds a descriptor; `tag` (32 bits) comes back when it is ready. */
  add(descriptor: number, tag: number): void {
    this.#control(EPOLL_CTL_ADD, descriptor, tag);
  }

  /** Lets the next thread have a descriptor that this one was given. */
  arm(descriptor: number, tag: number): void {
    this.#control(EPOLL_CTL_MOD, descriptor, tag);
  }

  /** Takes a descriptor out; closing the last copy does so, too. */
  remove(descriptor: number): void {
    this.#control(EPOLL_CTL_DEL, descriptor, 0);
  }

  /** Waits for a descriptor, which no other thread is given until it is armed again. */
  wait(): void {
    while (libc.epoll_wait(this.#set, this.#event, 1, -1) < 0) {
      retryOrThrow("epoll_wait", "wait for a descriptor");
    }
    this.descriptor = this.#view.getInt32(DATA_AT, true);
    this.tag = this.#view.getUint32(DATA_AT + 4, true);
  }

  #control(operation: number, descriptor: number, tag: number): void {
    this.#view.setUint32(0, EPOLLIN | EPOLLONESHOT, true);
    this.#view.setInt32(DATA_AT, descriptor, true);
    this.#view.setUint32(DATA_AT + 4, tag, true);
    const result = libc.epoll_ctl(this.#set, operation, descriptor, this.#event);
    checked(result, "epoll_ctl", `watch descriptor ${descriptor}`);
  }
}

/** As many descriptors as one `wait` tells of. */
export const MAX_EVENTS = 64;

/** A set that tells of every descriptor in it for as long as it is ready (level-triggered). */
export class LevelEpoll {
  readonly #set: number;
  readonly #event = new Uint8Array(EVENT_BYTES);
  readonly #eventView = new DataView(this.#event.buffer);
  readonly #events = new Uint8Array(MAX_EVENTS * EVENT_BYTES);
  readonly #view = new DataView(this.#events.buffer);

  /** The set of that descriptor. */
  constructor(set: number) {
    this.#set = set;
  }

  /** Adds a descriptor; `tag` (32 bits) comes back when it is readable or its other end is closed. */
  add(descriptor: number, tag: number): void {
    this.#add(descriptor, tag, EPOLLIN);
  }

  /** Adds a descriptor of which to tell once, when its other end is closed, and not of input. */
  addForHangUp(descriptor: number, tag: number): void {
    this.#add(descriptor, tag, EPOLLONESHOT);
  }

  /** Adds it, where it is not there already. */
  #add(descriptor: number, tag: number, events: number): void {
    this.#eventView.setUint32(0, events, true);
    this.#eventView.setInt32(DATA_AT, descriptor, true);
    this.#eventView.setUint32(DATA_AT + 4, tag, true);
    if (libc.epoll_ctl(this.#set, EPOLL_CTL_ADD, descriptor, this.#event) === 0) return;
    const number = errno();
    if (number === Errno.EEXIST) return;
    throw new SystemError("epoll_ctl", `watch descriptor ${descriptor}`, number);
  }

  /** Takes a descriptor out; closing the last copy does so, too. */
  remove(descriptor: number): void {
    libc.epoll_ctl(this.#set, EPOLL_CTL_DEL, descriptor, this.#event);
  }

  /** Waits until any is ready, −1: for ever; of how many it can tell is the result. */
  wait(milliseconds: number): number {
    for (;;) {
      const count = libc.epoll_wait(this.#set, this.#events, MAX_EVENTS, milliseconds);
      if (count >= 0) return count;
      retryOrThrow("epoll_wait", "wait for a descriptor");
    }
  }

  /** After `wait`: which descriptor is ready. */
  descriptor(index: number): number {
    return this.#view.getInt32(index * EVENT_BYTES + DATA_AT, true);
  }

  /** After `wait`: whether its other end is closed; there may be something to read before that. */
  isEnded(index: number): boolean {
    return (this.#view.getUint32(index * EVENT_BYTES, true) & EPOLLHUP) !== 0;
  }

  /** After `wait`: the tag that it was added with. */
  tag(index: number): number {
    return this.#view.getUint32(index * EVENT_BYTES + DATA_AT + 4, true);
  }
}
