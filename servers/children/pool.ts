/**
 * What all children that are processes have in common, however they are made: a pool is filled, a child that
 * dies is replaced, the CPU time of one that ended is counted.
 *
 * @module
 */
import type { Children, Member } from "../design.ts";
import { Poller } from "../posix/descriptors.ts";
import { isShortage, printError, RETRY_MS } from "../posix/errors.ts";
import { close } from "../posix/io.ts";
import { exitNow, type ExitStatus, reapOne, wait } from "../posix/processes.ts";
import { sleep } from "../posix/clocks.ts";
import { socketPair } from "../posix/sockets.ts";
import { CrashLoop, type Life } from "./crash_loop.ts";
import type { Handover } from "./handover.ts";
import type { Slot } from "./meter.ts";
import { listenerOf, type Setup } from "./setup.ts";
import { howText, sendStatus } from "./status.ts";

/** The two ends of a socket pair; −1: none. */
export interface SocketPair {
  readonly parentEnd: number;
  readonly childEnd: number;
}

const NO_SOCKETS: SocketPair = { parentEnd: -1, childEnd: -1 };

/** How a child process is made. */
export interface Maker {
  /** Starts the child with that index; returns its pid. */
  start(index: number, sockets: SocketPair): number;
  /** Starts a child for one client; returns its pid. */
  startFor(connection: number): number;
  /** Where a child may end before it serves its client. */
  readonly handover?: Handover | undefined;
}

/** How often the parent checks children that are starting. */
const CHECK_MS = 10;

/** Before a client whose child ended too early gets another: it is the machine that must recover. */
const PAUSE_MS = 100;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A class: V8 keeps objects with accessors of their own in hash tables. */
class PoolMember implements Member {
  pid = 0;
  socket = -1;
  busy = false;

  constructor(readonly index: number, readonly processor: number, readonly slot: Slot) {}

  // The book keeps this count in its Child structure; in the slot the host can read it.
  get count(): number {
    return this.slot.given;
  }

  set count(count: number) {
    this.slot.given = count;
  }
}

/** Children that are processes; an object of the server process. */
export class Pool implements Children {
  readonly #setup: Setup;
  readonly #maker: Maker;
  readonly #members: Writable<Member>[] = [];
  /** Both ends, kept by a parent that passes in turn: connections on their way survive a child. */
  readonly #keptSockets: SocketPair[] = [];
  readonly #crashLoops: readonly CrashLoop[];
  readonly #lives: Life[] = [];
  /** Whether the server was ready. From then on a shortage does not end it. */
  #isOpen = false;

  constructor(setup: Setup, maker: Maker) {
    this.#setup = setup;
    this.#maker = maker;
    this.#crashLoops = setup.meter.children.map(() => new CrashLoop(setup.meter.children));
  }

  /** The pool so far. */
  get members(): readonly Member[] {
    return this.#members;
  }

  fill(): readonly Member[] {
    for (const index of this.#setup.meter.children.keys()) {
      const processor = this.#setup.launch?.processors[index] ?? -1;
      const member = new PoolMember(index, processor, this.#setup.meter.children[index]!);
      this.#start(member);
      this.#members.push(member);
    }
    this.#awaitOpening();
    this.#isOpen = true;
    return this.#members;
  }

  startFor(connection: number): void {
    const { handover } = this.#maker;
    // In a shortage this client waits, and those after it in the backlog.
    let pid;
    while ((pid = this.#tryStartFor(connection)) === -1) {
      sleep(RETRY_MS);
      this.#collectEnded();
    }
    if (handover) handover.keep(pid, connection);
    else close(connection);
  }

  reap(): void {
    this.#collectEnded();
    const { handover } = this.#maker;
    for (let connection; (connection = handover?.next()) !== undefined;) {
      sleep(PAUSE_MS);
      this.startFor(connection);
    }
  }

  /** Collects the children for one client that have ended. */
  #collectEnded(): void {
    const { meter, handles: { status }, failureMessage } = this.#setup;
    const { handover } = this.#maker;
    const slot = meter.children[0]!;
    for (let end = reapOne(); end; end = reapOne()) {
      slot.add(end.usage);
      if (handover?.isUnserved(end.pid)) {
        meter.parent.lack(0); // most likely: of which error only the child knew
        const { crashLoop } = handover;
        const cause = failureMessage(0).of(end.pid) ?? howText(howItEnded(end));
        if (crashLoop) this.#giveUp(`${crashLoop}: ${cause}`);
        continue;
      }
      if (end.code === 0) continue;
      // Others may be serving: which connections it has left open is not known.
      slot.lose(0);
      // A warm-up has no host to tell; the first client will show the same.
      if (status !== -1) {
        sendStatus(status, { kind: "lost", index: 0, pid: 0, how: howItEnded(end) });
      }
    }
  }

  keep(): never {
    for (;;) {
      const missing = this.#members.filter(({ pid }) => pid === 0);
      const end = missing.length === 0 ? wait() : reapOne();
      const member = end && this.#memberOf(end);
      if (member) this.#renew(member, end);
      else if (end) continue;
      else if (missing.length === 0) exitNow(1);
      else if (!missing.every((member) => this.#start(member))) sleep(RETRY_MS);
    }
  }

  replace(member: Member): boolean {
    if (member.pid === 0) return this.#start(member);
    const end = wait(member.pid);
    return end === undefined || this.#renew(member, end);
  }

  collect(): boolean {
    for (let end = reapOne(); end; end = reapOne()) {
      const member = this.#memberOf(end);
      if (!member) continue;
      if (end.code === 0) this.#retire(member, end);
      else this.#renew(member, end);
    }
    const awaited = this.#members.filter((member) => member.pid === 0 && this.#isAwaited(member));
    return awaited.filter((member) => !this.#start(member)).length === 0;
  }

  restart(member: Member): boolean {
    return this.#start(member);
  }

  /** Starts a child for a client; returns its pid, −1 if there are too few processes or descriptors for it. */
  #tryStartFor(connection: number): number {
    try {
      return this.#maker.startFor(connection);
    } catch (error) {
      if (isShortage(error)) return -1;
      throw error;
    }
  }

  /** Ends the server with a reason. */
  #giveUp(reason: string): never {
    this.#setup.failureMessage("parent").write(reason);
    printError(reason);
    exitNow(1);
  }

  #memberOf({ pid }: ExitStatus): Writable<Member> | undefined {
    return this.#members.find((member) => member.pid === pid);
  }

  #account(member: Writable<Member>, { usage }: ExitStatus): Slot {
    const slot = this.#setup.meter.children[member.index]!;
    slot.add(usage);
    slot.pid = member.pid = 0;
    return slot;
  }

  /** Replaces a child that died; false as `replace`. */
  #renew(member: Writable<Member>, end: ExitStatus): boolean {
    const { failureMessage, handles: { status } } = this.#setup;
    const { index } = member;
    this.#account(member, end).lose();
    const crashLoop = this.#crashLoops[index]!.end(
      this.#lives[index]!,
      this.#isOpen ? listenerOf(this.#setup, index) : -1,
    );
    const kind = crashLoop ? "crashing" : "lost";
    sendStatus(status, { kind, index, pid: end.pid, how: howItEnded(end) });
    if (crashLoop) {
      const cause = failureMessage(index).of(end.pid) ?? howText(howItEnded(end));
      this.#giveUp(`${crashLoop}: ${cause}`);
    }
    return this.#start(member);
  }

  /** Starts a child; false if there are too few processes or descriptors for it, in a server that is open. */
  #start(member: Writable<Member>): boolean {
    const { index } = member;
    const { passes } = this.#setup.design;
    if (passes !== "round" && member.socket !== -1) {
      close(member.socket);
      member.socket = -1;
    }
    let sockets = NO_SOCKETS;
    try {
      if (passes) sockets = this.#keptSockets[index] ?? openSockets();
      if (passes === "round") this.#keptSockets[index] = sockets;
      this.#lives[index] = this.#crashLoops[index]!.begin();
      member.socket = sockets.parentEnd;
      member.pid = this.#setup.meter.children[index]!.pid = this.#maker.start(index, sockets);
      if (passes === "free") close(sockets.childEnd);
      return true;
    } catch (error) {
      if (!this.#isOpen || !isShortage(error)) throw error;
      if (passes === "free") Object.values(sockets).filter((fd) => fd !== -1).forEach(close);
      if (passes === "free") member.socket = -1;
      return false;
    }
  }

  /** Waits until the server opens, when all children are ready; replaces those that die. */
  #awaitOpening(): void {
    const { gate } = this.#setup.handles;
    if (gate === -1) return;
    const poller = new Poller([gate]);
    while (!poller.wait(CHECK_MS)) {
      for (let end = reapOne(); end; end = reapOne()) {
        const member = this.#memberOf(end)!;
        // A server of a launcher that was idle for too long already; it is started again at its turn.
        if (end.code === 0 && this.#setup.design.passes === "round") this.#retire(member, end);
        else this.#renew(member, end);
      }
    }
  }

  /** Accounts for a child that ended by itself. */
  #retire(member: Writable<Member>, end: ExitStatus): void {
    this.#account(member, end);
    sendStatus(this.#setup.handles.status, { kind: "ended", index: member.index, pid: end.pid });
  }

  /** Whether a connection is on its way to it. */
  #isAwaited({ index }: Member): boolean {
    const sockets = this.#keptSockets[index];
    return sockets !== undefined && new Poller([sockets.childEnd]).wait(0);
  }
}

/** As a status message has it. */
function howItEnded({ code = 0, signal }: ExitStatus): number {
  return signal === undefined ? code : -signal;
}

function openSockets(): SocketPair {
  const [parentEnd, childEnd] = socketPair();
  return { parentEnd, childEnd };
}
