/**
 * Children made by fork(2).
 *
 * @module
 */
import type { ChildContext } from "../design.ts";
import { forkAgain, simulateForks } from "../posix/fork.ts";
import { closeAllBut } from "../posix/descriptors.ts";
import { close } from "../posix/io.ts";
import { dieWithParent, getpid, getppid, wait } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { rebase } from "../posix/rebase.ts";
import { type RequestTimes, requestTimesOf } from "../service/request_times.ts";
import { type Maker, Pool, type SocketPair } from "./pool.ts";
import { warmUpListing } from "./warm_up.ts";
import {
  announceAndWait,
  beginUnder,
  childContext,
  enter,
  listenerOf,
  type Setup,
} from "./setup.ts";

/**
 * After the 128th client, and then after every 1024, the parent makes its forks cheaper once more: V8 has
 * compiled what it runs for real clients, or collected garbage, and wrote to memory. It takes about as much
 * CPU as 20 clients do.
 */
const [REBASED_AT, REBASED_EVERY] = [128, 1024];

/** Forks a pool of children, or one for each client. */
export class Forks implements Maker {
  readonly #setup: Setup;
  readonly #parent: number;
  readonly #messageOfClient = () => this.#setup.failureMessage(0);
  readonly #times: RequestTimes | undefined;
  #clients = 0;
  /** The context of the children for one client each: only the connection differs. */
  #client: { -readonly [Key in keyof ChildContext]: ChildContext[Key] } | undefined;
  readonly #serve = () => {
    dieWithParent(this.#parent, Signal.KILL);
    // As in the book: otherwise the listening socket lives as long as the longest client.
    close(this.#setup.handles.listener);
    this.#setup.listing.child!(this.#client!);
  };
  /** The pool made of them. */
  readonly pool: Pool;

  constructor(setup: Setup, parent = getpid()) {
    this.#setup = setup;
    this.#parent = parent;
    this.#times = requestTimesOf(setup.handles.serviceTime, 0);
    this.pool = new Pool(setup, this);
  }

  start(index: number, { childEnd }: SocketPair): number {
    const setup = this.#setup;
    const { status, gate, memory, lockFile } = setup.handles;
    const listener = setup.design.passes ? -1 : listenerOf(setup, index);
    return forkAgain(() => {
      beginUnder(this.#parent, setup.handles);
      // Nothing else of the parent, such as a client that waits while a child is replaced.
      closeAllBut([listener, childEnd, status, gate, memory, lockFile]);
      enter(setup.meter.children[index]!);
      announceAndWait(index, setup.handles);
      close(status);
      close(gate);
      setup.listing.child!(childContext(setup, index, { socket: childEnd }));
    }, () => setup.failureMessage(index));
  }

  startFor(connection: number): number {
    // The parent does all it can before the fork: each page that a child touches first is one more page
    // fault for every child. And it allocates nothing: new memory is more to copy with each fork.
    this.#times?.begin(this.#clients);
    this.#clients++;
    const { handles: { status }, meter } = this.#setup;
    // Only a server has a status pipe; a warm-up has none.
    if (status !== -1 && this.#clients % REBASED_EVERY === REBASED_AT) {
      rebase((usage) => meter.children[0]!.add(usage));
    }
    this.#client ??= { ...childContext(this.#setup, 0, { times: this.#times }) };
    this.#client.connection = connection;
    return forkAgain(this.#serve, this.#messageOfClient);
  }
}

/**
 * Warms up what parent and child do for a client. V8 compiles in the child what the child runs first: in
 * every child again, for a third of the child's whole cost.
 */
export function warmUpForks(setup: Setup): void {
  // With real forks first: V8 compiles what it has seen, and the pretended warm-ups neither fork nor exit.
  const real = (setup: Setup) => new Forks(setup).pool;
  warmUpListing(setup, { clients: REAL_CLIENTS, children: real });
  while (wait());
  const children = (setup: Setup) => new Forks(setup, getppid()).pool;
  simulateForks(0, () => warmUpListing(setup, { children }));
  simulateForks(1, () => warmUpListing(setup, { children }));
}

/** V8 records types from the eighth call on. */
const REAL_CLIENTS = 20;
