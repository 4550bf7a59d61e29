/**
 * What all children that are processes have in common, however they are made: a pool is filled, a child
 * that dies is replaced, one that ended is accounted for.
 *
 * @module
 */
import type { Children, Member } from "../design.ts";
import { Poller } from "../posix/descriptors.ts";
import { printError } from "../posix/errors.ts";
import { type Ended, exitNow, reapOne, wait } from "../posix/processes.ts";
import { close, socketPair } from "../posix/sockets.ts";
import type { Slot } from "./meter.ts";
import type { Setup } from "./setup.ts";
import { tell } from "./status.ts";

/** The two ends of a socket pair; −1: none. */
export interface Channel {
  readonly parents: number;
  readonly childs: number;
}

const NO_CHANNEL: Channel = { parents: -1, childs: -1 };

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

/** How often the parent looks after children that start. */
const PAUSE_MS = 10;

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
  readonly #members: Writable<Member>[] = [];
  /** Where connections are dealt round the parent keeps both ends: what is on its way outlives a child. */
  readonly #keptChannels: Channel[] = [];
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
    for (const index of this.#setup.meter.children.keys()) {
      const member = this.#place(index);
      this.#start(member);
      this.#members.push(member);
    }
    this.#awaitOpening();
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
      const member = this.#memberOf(end);
      if (member) this.#renew(member, end);
    }
  }

  replace(member: Member): void {
    const end = wait(member.pid);
    if (end) this.#renew(member, end);
  }

  collect(): readonly Member[] {
    const left: Member[] = [];
    for (let end = reapOne(); end; end = reapOne()) {
      const member = this.#memberOf(end);
      if (!member) continue;
      if (end.code !== 0) {
        this.#renew(member, end);
        continue;
      }
      this.#account(member, end);
      tell(this.#setup.handles.status, { kind: "ended", index: member.index, pid: end.pid });
      if (this.#isAwaited(member)) this.#start(member);
      else left.push(member);
    }
    return left;
  }

  restart(member: Member): void {
    this.#start(member);
  }

  #memberOf({ pid }: Ended): Writable<Member> | undefined {
    return this.#members.find((member) => member.pid === pid);
  }

  #account(member: Writable<Member>, { usage }: Ended): Slot {
    const slot = this.#setup.meter.children[member.index]!;
    slot.add(usage);
    slot.pid = member.pid = 0;
    return slot;
  }

  #renew(member: Writable<Member>, end: Ended): void {
    const { handles: { status } } = this.#setup;
    const { index } = member;
    const { pid } = end;
    this.#account(member, end).lose();
    const crashes = this.#crashesUntil(index);
    if (crashes >= CRASH_LIMIT) {
      tell(status, { kind: "crashing", index, pid });
      printError(`${crashes} children in a row died as soon as they were started`);
      exitNow(1);
    }
    tell(status, { kind: "lost", index, pid });
    this.#start(member, crashes);
  }

  #crashesUntil(index: number): number {
    const { startedAt, opened, crashes } = this.#lives[index]!;
    const idle = this.#setup.meter.children[index]!.opened === opened;
    return idle && performance.now() - startedAt < YOUNG_MS ? crashes + 1 : 0;
  }

  #place(index: number): Writable<Member> {
    const slot = this.#setup.meter.children[index]!;
    return {
      index,
      pid: 0,
      processor: this.#setup.launch?.processors[index] ?? -1,
      channel: -1,
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

  #start(member: Writable<Member>, crashes = 0): void {
    const { index } = member;
    const slot = this.#setup.meter.children[index]!;
    this.#lives[index] = { startedAt: performance.now(), opened: slot.opened, crashes };
    const { passes } = this.#setup.design;
    const channel = passes === undefined ? NO_CHANNEL : this.#keptChannels[index] ?? openChannel();
    if (passes === "round") this.#keptChannels[index] = channel;
    else if (member.channel !== -1) close(member.channel);
    member.channel = channel.parents;
    member.pid = slot.pid = this.#maker.start(index, channel);
    if (passes === "free") close(channel.childs);
  }

  /** Waits until the server opens, which is when all children are ready; one that dies is replaced. */
  #awaitOpening(): void {
    const { gate } = this.#setup.handles;
    if (gate === -1) return;
    const poller = new Poller([gate]);
    while (!poller.wait(PAUSE_MS)) {
      for (let end = reapOne(); end; end = reapOne()) this.#renew(this.#memberOf(end)!, end);
    }
  }

  /** Whether a connection is on its way to it. */
  #isAwaited({ index }: Member): boolean {
    const channel = this.#keptChannels[index];
    return channel !== undefined && new Poller([channel.childs]).wait(0);
  }
}

function openChannel(): Channel {
  const [parents, childs] = socketPair();
  return { parents, childs };
}
