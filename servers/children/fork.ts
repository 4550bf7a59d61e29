/**
 * Children made by fork(2).
 *
 * @module
 */
import { forkAgain, rehearse } from "../posix/fork.ts";
import { dieWithParent, getpid, getppid, wait } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { close } from "../posix/sockets.ts";
import { type Channel, type Maker, Pool } from "./pool.ts";
import { onStage, WARM_UP } from "../service.ts";
import {
  announce,
  childOf,
  enter,
  makeSetup,
  MOST_WARM_UP_EXTRA,
  serverOf,
  type Setup,
} from "./setup.ts";

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
    const { listener, status } = setup.handles;
    return forkAgain(() => {
      dieWithParent(this.#parent, Signal.KILL);
      if (setup.design.passes) {
        // The child has its own end of its own channel, and nothing that is the parent's.
        for (const member of this.pool.members) close(member.channel);
        close(channel.parents);
        close(listener);
      }
      enter(setup.meter.children[index]!);
      announce(index, status);
      close(status);
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
 * Has V8 compile all that parent and child do for a client. Whatever first happens in a child, it would
 * compile there: in every child anew, for a third of what it costs in all.
 */
export function rehearseClients(setup: Setup): void {
  const { design, listing } = setup;
  const stage = makeSetup(design, listing, {
    children: 1,
    listener: -1,
    status: -1,
    extraCpu: Math.min(setup.handles.extraCpu, MOST_WARM_UP_EXTRA),
  });
  const play = (clients: number, parent: number) => {
    const { pool } = new Forks(stage, parent);
    const server = serverOf(stage, stage.meter.parent, pool);
    onStage(clients, (listener) => listing.parent!({ ...server, listener }));
  };
  // For real at first, since V8 compiles for what it has seen, and no rehearsal forks or ends.
  play(REAL_CHILDREN, getpid());
  while (wait());
  rehearse(0, () => play(WARM_UP, getppid()));
  rehearse(1, () => play(WARM_UP, getppid()));
  close(stage.handles.memory);
}

const REAL_CHILDREN = 20;
