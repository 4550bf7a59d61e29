/**
 * Children made by fork(2).
 *
 * @module
 */
import { forkAgain, pretend } from "../posix/fork.ts";
import { dieWithParent, getpid, getppid, wait } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { close } from "../posix/sockets.ts";
import { type Channel, type Maker, Pool } from "./pool.ts";
import { rehearse } from "./warm_up.ts";
import { announceAndWait, childOf, enter, type Setup } from "./setup.ts";

/** Forks a pool of children, or one for each client. */
export class Forks implements Maker {
  readonly #setup: Setup;
  readonly #parent: number;
  /** The pool made of them. */
  readonly pool: Pool;

  constructor(setup: Setup, parent = getpid()) {
    this.#setup = setup;
    this.#parent = parent;
    this.pool = new Pool(setup, this);
  }

  start(index: number, channel: Channel): number {
    const setup = this.#setup;
    const { listener, status, gate } = setup.handles;
    return forkAgain(() => {
      dieWithParent(this.#parent, Signal.KILL);
      if (setup.design.passes) {
        // The child has its own end of its own channel, and nothing that is the parent's.
        for (const member of this.pool.members) close(member.channel);
        close(channel.parents);
        close(listener);
      }
      enter(setup.meter.children[index]!);
      announceAndWait(index, setup.handles);
      close(status);
      close(gate);
      setup.listing.child!(childOf(setup, index, { channel: channel.childs }));
    });
  }

  startFor(connection: number): number {
    // All that the parent can do for the child it does: whatever a child touches first is one more page
    // fault for each of them.
    const { listing, handles: { listener } } = this.#setup;
    const child = childOf(this.#setup, 0, { connection });
    const parent = this.#parent;
    return forkAgain(() => {
      dieWithParent(parent, Signal.KILL);
      // As in the book: otherwise the listening socket lives as long as the longest client.
      close(listener);
      listing.child!(child);
    });
  }
}

/**
 * Rehearses what parent and child do for a client. Whatever a child does first, V8 compiles there: in
 * every child anew, for a third of what it costs in all.
 */
export function rehearseClients(setup: Setup): void {
  // For real at first, since V8 compiles for what it has seen, and no rehearsal forks or ends.
  rehearse(setup, { clients: REAL_CLIENTS, children: (stage) => new Forks(stage).pool });
  while (wait());
  const children = (stage: Setup) => new Forks(stage, getppid()).pool;
  pretend(0, () => rehearse(setup, { children }));
  pretend(1, () => rehearse(setup, { children }));
}

/** V8 notes what it sees from the eighth time on. */
const REAL_CLIENTS = 20;
