/**
 * The warm-up: before a process or thread is ready, it runs its listing with clients of its own until V8 has
 * optimized all of it. Otherwise V8 would do so during the measurement and, where children are forked, in
 * each child; children forked afterwards inherit the code.
 *
 * @module
 */
import type { Children } from "../design.ts";
import { AUTOBIND, boundAddress, unixAddress } from "../posix/addresses.ts";
import { duplicate, notify } from "../posix/descriptors.ts";
import { Errno, SystemError } from "../posix/errors.ts";
import { tryReadText } from "../posix/files.ts";
import { close } from "../posix/io.ts";
import {
  connect,
  listen,
  shutDown,
  shutDownWrite,
  streamSocket,
  tryRead,
} from "../posix/sockets.ts";
import { WARM_UP } from "../service/bytes.ts";
import { shortened } from "../service/request_times.ts";
import { sendExample } from "../service/warm_up.ts";
import { Pool } from "./pool.ts";
import { childContext, makeSetup, parentContext, type Setup } from "./setup.ts";

/** Clients of one pass: a listing that puts them into a queue finds room for all. */
const CLIENTS_AT_ONCE = 30;

/** The same where clients share calls, as of a ring or an event loop: V8 is to see them often, too. */
const CLIENTS_TOGETHER = 4;

/** The same where a backlog is shorter (net.core.somaxconn): this thread could not wait for room in it. */
const clientsAtOnce = () =>
  Math.min(CLIENTS_AT_ONCE, Number(tryReadText("/proc/sys/net/core/somaxconn") ?? Infinity) || 1);

/** By default, the warm-up of a child of a pool, or of a server without children. */
export interface WarmUpOptions {
  /** Clients in all. */
  readonly clients?: number;
  /** The children of the parent, in a warm-up setup. */
  readonly children?: (setup: Setup) => Children;
  /**
   * Has another thread end the queue of a warm-up setup, a little later: V8 compiles a child
   * that never waits in the warm-up as one that never does.
   */
  readonly endQueue?: (setup: Setup) => void;
}

/** Runs the listing of a server with a setup of its own, so that nothing of the server is touched. */
export function warmUpListing(
  of: Setup,
  {
    // What passes connections, or waits for many, is optimized twice: V8's first guess about its rare cases is wrong.
    clients = of.design.passes || of.design.polls ? 2 * WARM_UP : WARM_UP,
    children = () => noChildren,
    endQueue = ({ queue }) => queue.end(),
  }: WarmUpOptions = {},
): void {
  const { design, handles: { requestTimeout, policy } } = of;
  const serviceTime = shortened(of.handles.serviceTime);
  const setup = makeSetup(of, { children: 1, policy, serviceTime, requestTimeout });
  const most = design.isRing || design.polls ? CLIENTS_TOGETHER : clientsAtOnce();
  for (let left = clients; left > 0; left -= most) {
    const count = Math.min(left, most);
    if (design.passes) runPassing(setup, count);
    else run(setup, count, children(setup), endQueue);
  }
  close(setup.handles.memory);
  if (design.lock === "file") close(setup.handles.lockFile);
}

/** One pass: the parent, until it would wait for its children, then a child of its pool. */
function run(
  setup: Setup,
  clients: number,
  children: Children,
  endQueue: (setup: Setup) => void,
): void {
  const { design, listing, meter, queue, lock } = setup;
  const { listener, ends } = queuedClients(clients, setup);
  runUntilDone(() =>
    listing.parent!({ ...parentContext(setup, meter.parent, children), listener })
  );
  if (design.lifetime === "pool") {
    if (!queue.isEmpty) endQueue(setup);
    // One that waits finds none as often as one: the listener, which is shut down, is ready for ever.
    const mostEmpty = meter.children[0]!.emptyAccepts + clients;
    const context = childContext(setup, 0, { listeners: [listener], mostEmpty });
    using _ = context.readiness;
    runUntilDone(() => listing.child!(context), () => queue.isEmpty);
    // The child ended in accept, where it holds the lock.
    if (design.lock) lock.release();
  }
  for (const descriptor of [listener, ...ends]) close(descriptor);
}

/** The same for a parent that passes all clients to one child, which is free again before each. */
function runPassing(setup: Setup, clients: number): void {
  const { listing, meter } = setup;
  const { listener, ends } = queuedClients(clients, setup);
  let socket = -1;
  const children = new Pool(setup, {
    start(_index, { childEnd }) {
      socket = duplicate(childEnd);
      for (let i = 0; i < clients; i++) notify(socket);
      return NO_CHILD;
    },
    startFor: () => NO_CHILD,
  });
  runUntilDone(() =>
    listing.parent!({ ...parentContext(setup, meter.parent, children), listener })
  );
  const parentEnd = children.members[0]!.socket;
  shutDownWrite(parentEnd);
  runUntilDone(() => listing.child!(childContext(setup, 0, { socket })));
  for (const descriptor of [listener, socket, parentEnd, ...ends]) close(descriptor);
}

/** In place of a child's process number. */
const NO_CHILD = -1;

/** A listening socket with that many clients in its backlog; each has sent its request and closed. */
function queuedClients(
  clients: number,
  { design: { polls }, service }: Setup,
): { listener: number; ends: readonly number[] } {
  const listener = listen(AUTOBIND, "warm up");
  const address = unixAddress(boundAddress(listener).host);
  const ends = Array.from({ length: clients }, (_, turn) => {
    const end = streamSocket(address);
    connect(end, address);
    // An event loop often finds that nothing has arrived yet.
    tryRead(end, nothing);
    sendExample(end, service.examples, turn);
    shutDownWrite(end);
    return end;
  });
  // An event loop accepts until there is no client left, while others are open. It ends by itself.
  if (polls === undefined) shutDown(listener);
  return { listener, ends };
}

const nothing = new Uint8Array(1);

/** Runs an endless listing until a call fails because there are no more clients or children. */
function runUntilDone(body: () => void, isDone = () => true): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof SystemError && LAST_CALLS.has(error.call) && isDone())) throw error;
  }
}

const LAST_CALLS = new Set(["accept", "read", "setsockopt", "wait4"]);

/** A pool without children. */
const noChildren: Children = {
  fill: () => [],
  startFor: () => {},
  reap: () => {},
  keep() {
    throw new SystemError("wait4", "wait for a child", Errno.ECHILD);
  },
  replace: () => true,
  collect: () => true,
  restart: () => true,
};
