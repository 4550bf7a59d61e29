/**
 * Epoll instances (epoll(7)), shared by the threads of a process.
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { libc } from "./libc.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;
const EPOLLOUT = 4;
const EPOLLHUP = 0x10;
const EPOLLEXCLUSIVE = 1 << 28;
const EPOLLONESHOT = 1 << 30;
// struct epoll_event is packed on x86-64 only: events, then data.
const DATA_AT = Deno.build.arch === "x86_64" ? 4 : 8;
const EVENT_BYTES = DATA_AT + 8;

/** Creates an epoll instance, for `OneShotEpoll` or `LevelEpoll` in any thread. Returns its descriptor. */
export function createEpoll(): number {
  return checked(libc.epoll_create1(O_CLOEXEC), "epoll_create1", "create an epoll instance");
}

/** All descriptors of an epoll instance, with their tags (proc_pid_fdinfo(5)). */
export function epollEntries(
  epoll: number,
): { readonly descriptor: number; readonly tag: number }[] {
  const lines = readText(`/proc/self/fdinfo/${epoll}`).matchAll(/^tfd:.* data:\s*([0-9a-f]+)/gm);
  return [...lines].map(([, data]) => {
    const bits = BigInt(`0x${data}`);
    return { descriptor: Number(bits & 0xffffffffn), tag: Number(bits >> 32n) };
  });
}

/**
 * One thread's view of an epoll instance on which several threads wait.
 *
 * Each event is delivered to one thread and disables the descriptor (EPOLLONESHOT): until that thread
 * rearms it, no other thread gets it, so it can be read and closed without a lock. The kernel wakes the
 * thread that began to wait last, whose caches are warm.
 */
export class OneShotEpoll {
  readonly #epoll: number;
  readonly #event = new Uint8Array(DATA_AT + 8);
  readonly #view = new DataView(this.#event.buffer);
  /** After `wait`: the descriptor that is readable or hung up. */
  descriptor = -1;
  /** After `wait`: the tag it was added or rearmed with. */
  tag = 0;

  /** The instance with that descriptor. */
  constructor(epoll: number) {
    this.#epoll = epoll;
  }

  /** Adds a descriptor with a tag of 32 bits. @throws {SystemError} EEXIST if it was added before. */
  add(descriptor: number, tag: number): void {
    this.#control(EPOLL_CTL_ADD, descriptor, tag);
  }

  /** Enables a delivered descriptor again, for any thread. */
  rearm(descriptor: number, tag: number): void {
    this.#control(EPOLL_CTL_MOD, descriptor, tag);
  }

  /** Blocks until a descriptor is ready. No other thread gets it until it is rearmed. */
  wait(): void {
    while (libc.epoll_wait(this.#epoll, this.#event, 1, -1) < 0) {
      retryOrThrow("epoll_wait", "wait for a descriptor");
    }
    this.descriptor = this.#view.getInt32(DATA_AT, true);
    this.tag = this.#view.getUint32(DATA_AT + 4, true);
  }

  #control(operation: number, descriptor: number, tag: number): void {
    this.#view.setUint32(0, EPOLLIN | EPOLLONESHOT, true);
    this.#view.setInt32(DATA_AT, descriptor, true);
    this.#view.setUint32(DATA_AT + 4, tag, true);
    const result = libc.epoll_ctl(this.#epoll, operation, descriptor, this.#event);
    checked(result, "epoll_ctl", "watch descriptor", descriptor);
  }
}

/** The same number on every architecture. */
const SYS_epoll_pwait2 = 441;

/** Maximum number of events that one `wait` returns. */
export const MAX_EVENTS = 64;

/** A level-triggered epoll instance: every `wait` returns all descriptors that are ready. */
export class LevelEpoll {
  readonly #epoll: number;
  readonly #event = new Uint8Array(EVENT_BYTES);
  readonly #eventView = new DataView(this.#event.buffer);
  readonly #events = new Uint8Array(MAX_EVENTS * EVENT_BYTES);
  readonly #view = new DataView(this.#events.buffer);
  /** A struct timespec: lower and upper half of the seconds, then of the nanoseconds. */
  readonly #timeout = new Uint32Array(4);
  readonly #timespec = new Uint8Array(this.#timeout.buffer);
  #isExact = true;

  /** The instance with that descriptor. */
  constructor(epoll: number) {
    this.#epoll = epoll;
  }

  /** Adds a descriptor for input and hang-up, with a tag of 32 bits, unless it was added before. */
  add(descriptor: number, tag: number): void {
    this.#add(descriptor, tag, EPOLLIN);
  }

  /** Adds a descriptor for input, hang-up and output. */
  addForOutput(descriptor: number, tag: number): void {
    this.#add(descriptor, tag, EPOLLIN | EPOLLOUT);
  }

  /** Watches a descriptor that was added for input and hang-up, and for output or not. */
  change(descriptor: number, tag: number, forOutput: boolean): void {
    this.#setEvent(descriptor, tag, forOutput ? EPOLLIN | EPOLLOUT : EPOLLIN);
    const result = libc.epoll_ctl(this.#epoll, EPOLL_CTL_MOD, descriptor, this.#event);
    checked(result, "epoll_ctl", "watch descriptor", descriptor);
  }

  /** Watches a descriptor, without a tag, for `READABLE` or `WRITABLE` and nothing else. */
  watch(descriptor: number, events: number, isAdded: boolean): void {
    this.#setEvent(descriptor, 0, events);
    const operation = isAdded ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    const result = libc.epoll_ctl(this.#epoll, operation, descriptor, this.#event);
    checked(result, "epoll_ctl", "watch descriptor", descriptor);
  }

  /** Adds a descriptor for a single hang-up event, and not for input, unless it was added before. */
  addForHangUp(descriptor: number, tag: number): void {
    this.#add(descriptor, tag, EPOLLONESHOT);
  }

  /**
   * Adds a descriptor for input that other epoll instances wait for, too: not all of them are woken, but one that
   * waits at that moment (EPOLLEXCLUSIVE, Linux 4.5).
   */
  addExclusively(descriptor: number, tag: number): void {
    this.#add(descriptor, tag, EPOLLIN | EPOLLEXCLUSIVE);
  }

  #setEvent(descriptor: number, tag: number, events: number): void {
    this.#eventView.setUint32(0, events, true);
    this.#eventView.setInt32(DATA_AT, descriptor, true);
    this.#eventView.setUint32(DATA_AT + 4, tag, true);
  }

  #add(descriptor: number, tag: number, events: number): void {
    this.#setEvent(descriptor, tag, events);
    if (libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, descriptor, this.#event) === 0) return;
    const number = errno();
    if (number === Errno.EEXIST) return;
    throw new SystemError("epoll_ctl", `watch descriptor ${descriptor}`, number);
  }

  /** Removes a descriptor. Closing its last copy does so, too. */
  remove(descriptor: number): void {
    libc.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, descriptor, this.#event);
  }

  /**
   * Blocks until a descriptor is ready or the timeout expires (−1: none).
   *
   * @returns the number of events.
   */
  wait(milliseconds: number): number {
    for (;;) {
      const count = libc.epoll_wait(this.#epoll, this.#events, MAX_EVENTS, milliseconds);
      if (count >= 0) return count;
      retryOrThrow("epoll_wait", "wait for a descriptor");
    }
  }

  /**
   * Like `wait`, with a timeout in nanoseconds: epoll_pwait2(2) of Linux 5.11. Where a kernel or a seccomp filter
   * refuses that, it returns up to a millisecond later.
   */
  waitFor(nanoseconds: number): number {
    if (!this.#isExact) return this.wait(Math.ceil(nanoseconds / 1e6));
    this.#timeout[0] = Math.floor(nanoseconds / 1e9);
    this.#timeout[2] = nanoseconds % 1e9;
    const count = libc.epoll_pwait2(
      SYS_epoll_pwait2,
      this.#epoll,
      this.#events,
      MAX_EVENTS,
      this.#timespec,
      null,
    );
    if (count >= 0) return count;
    if (errno() === Errno.EINTR) return 0;
    this.#isExact = false;
    return this.waitFor(nanoseconds);
  }

  /** After `wait`: the descriptor of an event. */
  descriptor(index: number): number {
    return this.#view.getInt32(index * EVENT_BYTES + DATA_AT, true);
  }

  /** After `wait`: whether the peer has closed (EPOLLHUP). Unread input may remain. */
  isHungUp(index: number): boolean {
    return (this.#view.getUint32(index * EVENT_BYTES, true) & EPOLLHUP) !== 0;
  }

  /** After `wait`: the tag of the descriptor. */
  tag(index: number): number {
    return this.#view.getUint32(index * EVENT_BYTES + DATA_AT + 4, true);
  }
}
