/**
 * Children made by fork(2).
 *
 * @module
 */
import { forkAgain, rehearse } from "../posix/fork.ts";
import { dieWithParent, getpid, getppid } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { close } from "../posix/sockets.ts";
import { Slot } from "./meter.ts";
import { type Channel, type Maker, Pool } from "./pool.ts";
import { announce, childOf, enter, type Setup } from "./setup.ts";

/** Forks a pool of children, or one for each client. */
export class Forks implements Maker {
  readonly #setup: Setup;
  readonly #pid = getpid();
  readonly #scratch = new Slot();
  /** The pool made of them. */
  readonly pool: Pool;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.pool = new Pool(setup, this);
  }

  start(index: number, channel: Channel): number {
    const setup = this.#setup;
    const { listener, status } = setup.handles;
    return forkAgain(() => {
      dieWithParent(this.#pid, Signal.KILL);
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
    const { meter, handles } = this.#setup;
    return forkAgain(
      this.#serveOnly(this.#pid, meter.children[0]!, handles.listener, connection),
    );
  }

  /** Does here what a child with one client does, so that V8 has compiled it before the first fork. */
  rehearse(connection: number): void {
    rehearse(this.#serveOnly(getppid(), this.#scratch, -1, connection));
  }

  #serveOnly(parent: number, slot: Slot, listener: number, connection: number): () => void {
    // All that the parent can do for the child it does: whatever a child touches first is one more page
    // fault for each of them.
    const { listing } = this.#setup;
    const child = childOf(this.#setup, 0, { connection }, slot);
    return () => {
      dieWithParent(parent, Signal.KILL);
      // As in the book: otherwise the listening socket lives as long as the longest client.
      close(listener);
      listing.child!(child);
    };
  }
}
