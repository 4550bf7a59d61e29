/**
 * What all children that are processes have in common, however they are made: a pool is filled, a child
 * that dies is replaced, one that ended is accounted for.
 *
 * @module
 */
import type { Children, Member } from "../design.ts";
import { complain } from "../posix/fork.ts";
import { type Ended, exitNow, reapOne, wait } from "../posix/processes.ts";
import { close, socketPair } from "../posix/sockets.ts";
import type { Setup } from "./setup.ts";
import { tell } from "./status.ts";

/** The two ends of a socket pair; −1: none. */
export interface Channel {
  readonly parents: number;
  readonly childs: number;
}

/** How a process is made a child. */
export interface Maker {
  /** Starts the child of that place; its pid is the result. */
  start(index: number, channel: Channel): number;
  /** Starts a child for one client; its pid is the result. */
  startFor(connection: number): number;
}

/** A pool gives up when in one place this many children in a row died young and had taken no client. */
const CRASH_LIMIT = 10;
const YOUNG_MS = 1000;

/** What is known of the child that lives in a place, to tell a crash from an accident. */
interface Life {
  readonly startedAt: number;
  /** Connections the place had taken until then. */
  readonly opened: number;
  /** Those before it that crashed, one after the other. */
  readonly crashes: number;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Children that are processes. Lives in the server process. */
export class Pool implements Children {
  readonly #setup: Setup;
  readonly #maker: Maker;
  #members: Writable<Member>[] = [];
  readonly #lives: Life[] = [];

  constructor(setup: Setup, maker: Maker) {
    this.#setup = setup;
    this.#maker = maker;
  }

  /** The pool as it is, which a child forked from here inherits and has to let go of. */
  get members(): readonly Member[] {
    return this.#members;
  }

  fill(): readonly Member[] {
    for (const index of this.#setup.meter.children.keys()) this.#members.push(this.#member(index));
    return this.#members;
  }

  startFor(connection: number): void {
    this.#maker.startFor(connection);
    close(connection);
  }

  reap(): void {
    for (let end = reapOne(); end; end = reapOne()) this.#setup.meter.children[0]!.add(end.usage);
  }

  keep(): never {
    for (;;) {
      const end = wait();
      if (!end) exitNow(1);
      const member = this.#members.find(({ pid }) => pid === end.pid);
      if (member) this.#renew(member, end);
    }
  }

  replace(member: Member): void {
    const end = wait(member.pid);
    if (end) this.#renew(member, end);
  }

  #renew(member: Writable<Member>, { pid, usage }: Ended): void {
    const { meter, handles: { status } } = this.#setup;
    const { index } = member;
    const slot = meter.children[index]!;
    slot.add(usage);
    slot.lose();
    slot.pid = 0;
    const crashes = this.#crashesUntil(index);
    if (crashes >= CRASH_LIMIT) {
      tell(status, { kind: "crashing", index, pid });
      complain(`${crashes} children in a row died as soon as they were started`);
      exitNow(1);
    }
    tell(status, { kind: "lost", index, pid });
    if (member.channel !== -1) close(member.channel);
    const fresh = this.#member(index, crashes);
    member.pid = fresh.pid;
    member.channel = fresh.channel;
  }

  #crashesUntil(index: number): number {
    const { startedAt, opened, crashes } = this.#lives[index]!;
    const idle = this.#setup.meter.children[index]!.opened === opened;
    return idle && performance.now() - startedAt < YOUNG_MS ? crashes + 1 : 0;
  }

  #member(index: number, crashes = 0): Writable<Member> {
    const slot = this.#setup.meter.children[index]!;
    this.#lives[index] = { startedAt: performance.now(), opened: slot.opened, crashes };
    const [parents, childs] = this.#setup.design.passes ? socketPair() : [-1, -1];
    const pid = this.#maker.start(index, { parents, childs });
    slot.pid = pid;
    if (childs !== -1) close(childs);
    return {
      index,
      pid,
      channel: parents,
      busy: false,
      // The book keeps this count in its Child structure; here the host can see it, too.
      get count() {
        return slot.given;
      },
      set count(count) {
        slot.given = count;
      },
    };
  }
}
