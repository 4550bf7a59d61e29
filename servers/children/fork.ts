/**
 * Children made by fork(2), and the server process they come from.
 *
 * @module
 */
import type { Children, Listing } from "../design.ts";
import { usage } from "../posix/clocks.ts";
import { complain, forkAgain, rehearse } from "../posix/fork.ts";
import {
  dieWithParent,
  type Ended,
  exitNow,
  getpid,
  getppid,
  reapOne,
  wait,
} from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { close } from "../posix/sockets.ts";
import { serveOne } from "../service.ts";
import { type Meter, Slot } from "./meter.ts";
import { tell } from "./status.ts";

/** What a server process is made of. */
export interface Setup {
  readonly listing: Listing;
  readonly listener: number;
  readonly meter: Meter;
  /** Write end of the status pipe. */
  readonly status: number;
}

/** A pool gives up when this many children in a row died before they had served a client. */
const CRASH_LIMIT = 10;

/** Forked children, a pool of them or one a client. Lives in the server process. */
export class ForkedChildren implements Children {
  readonly #setup: Setup;
  readonly #pid = getpid();
  /** Connections each slot had taken when its child was started. */
  readonly #openedAtStart: number[] = [];
  #crashes = 0;

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  fill(): void {
    for (const index of this.#setup.meter.children.keys()) this.#start(index);
  }

  startFor(connection: number): void {
    const { meter, listener } = this.#setup;
    forkAgain(this.#serveOnly(this.#pid, meter.children[0]!, listener, connection));
    close(connection);
  }

  /** Does here what a child with one client does, so that V8 has compiled it before the first fork. */
  rehearse(connection: number): void {
    rehearse(this.#serveOnly(getppid(), this.#scratch, -1, connection));
  }

  readonly #scratch = new Slot(new ArrayBuffer(64), 0);

  #serveOnly(parent: number, slot: Slot, listener: number, connection: number): () => void {
    return () => {
      dieWithParent(parent, Signal.KILL);
      // As in the book: otherwise the listening socket lives as long as the longest client.
      close(listener);
      const child = { index: 0, listener: -1, connection, serve: (fd: number) => serve(slot, fd) };
      this.#setup.listing.child!(child);
    };
  }

  reap(): void {
    for (let end = reapOne(); end; end = reapOne()) this.#setup.meter.children[0]!.add(end.usage);
  }

  keep(): never {
    for (;;) {
      const end = wait();
      if (end) this.replace(end);
      else exitNow(1);
    }
  }

  /** Puts a new child in the place of one that died. */
  replace({ pid, usage }: Ended): void {
    const { meter, status } = this.#setup;
    const index = meter.children.findIndex((slot) => slot.pid === pid);
    const slot = meter.children[index];
    if (!slot) return;
    slot.add(usage);
    slot.lose();
    slot.pid = 0;
    this.#crashes = slot.opened === this.#openedAtStart[index] ? this.#crashes + 1 : 0;
    if (this.#crashes >= CRASH_LIMIT) {
      tell(status, { kind: "crashing", index, pid });
      complain(`${CRASH_LIMIT} children in a row died before they served a client`);
      exitNow(1);
    }
    tell(status, { kind: "lost", index, pid });
    this.#start(index);
  }

  #start(index: number): void {
    const { listing, listener, meter, status } = this.#setup;
    const slot = meter.children[index]!;
    this.#openedAtStart[index] = slot.opened;
    slot.pid = forkAgain(() => {
      dieWithParent(this.#pid, Signal.KILL);
      enter(slot);
      announce(index, status);
      close(status);
      listing.child!({ index, listener, connection: -1, serve: (fd) => serve(slot, fd) });
    });
  }
}

/** Makes this process the one that lives in a slot, and notes what it had used until now. */
export function enter(slot: Slot): void {
  slot.pid = getpid();
  slot.ready = usage();
}

/** Tells the host that this process is ready. */
export function announce(index: number, status: number): void {
  tell(status, { kind: "ready", index, pid: getpid() });
}

/** Serves one client and counts it. */
export function serve(slot: Slot, connection: number): void {
  slot.open();
  slot.close(!serveOne(connection));
}
