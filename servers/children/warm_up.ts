/**
 * The rehearsal: whoever is going to serve plays its listing before it is ready, to clients of its own,
 * until V8 has optimized all of it. Otherwise it would do so in the middle of what is measured, and, where
 * children are forked, in each of them; forked afterwards, they inherit the code.
 *
 * @module
 */
import type { Children } from "../design.ts";
import type { Queue } from "../locks/queue.ts";
import { notify } from "../posix/descriptors.ts";
import { Errno, SystemError } from "../posix/errors.ts";
import { gettid } from "../posix/processes.ts";
import {
  close,
  connect,
  duplicate,
  endConnecting,
  listen,
  shutDownWrite,
  streamSocket,
  unixAddress,
  write,
} from "../posix/sockets.ts";
import { WARM_UP } from "../service/bytes.ts";
import { Pool } from "./pool.ts";
import { childOf, makeSetup, serverOf, type Setup } from "./setup.ts";

/** Clients of one performance: a listing that puts them into a queue finds room for all. */
const AUDIENCE = 30;

/** Enough to compile what wastes CPU: thousands of times all that is asked for could take long. */
const MOST_EXTRA_CPU = 10_000;

/** What a listing ends with that takes a client where there is none any more. */
const NOBODY = -1;

/** How a rehearsal differs from that of a child of a pool, or of a server without children. */
export interface RehearsalOptions {
  /** How many clients, in all. */
  readonly clients?: number;
  /** The children that the parent has on a stage. */
  readonly children?: (stage: Setup) => Children;
  /**
   * Has another thread end a queue by `putNobody`, in a while: a child that never waits in the rehearsal
   * is compiled as one that never does.
   */
  readonly endQueue?: (stage: Setup) => void;
}

/** Ends the queue of a stage: whoever takes from it goes home. */
export function putNobody(queue: Queue): void {
  queue.put(NOBODY);
}

/** Plays the listing of a server on a stage of its own, where nothing of the server is touched. */
export function rehearse(
  { design, listing, handles }: Setup,
  {
    // A parent that passes is optimized twice: about what it meets seldom V8 is wrong at first.
    clients = design.passes ? 2 * WARM_UP : WARM_UP,
    children = () => noChildren,
    endQueue = ({ queue }) => putNobody(queue),
  }: RehearsalOptions = {},
): void {
  const extraCpu = Math.min(handles.extraCpu, MOST_EXTRA_CPU);
  const stage = makeSetup(design, listing, { children: 1, extraCpu });
  for (let left = clients; left > 0; left -= AUDIENCE) {
    const count = Math.min(left, AUDIENCE);
    if (design.passes) playPassing(stage, count);
    else play(stage, count, children(stage), endQueue);
  }
  close(stage.handles.memory);
  if (design.lock === "file") close(stage.handles.lockFile);
}

/** One performance: the parent, up to where it waits for its children, and then a child of its pool. */
function play(
  stage: Setup,
  clients: number,
  children: Children,
  endQueue: (stage: Setup) => void,
): void {
  const { design, listing, queue, lock } = stage;
  const { listener, ends } = audience(clients);
  toTheEnd(() => listing.parent!({ ...serverOf(stage, stage.meter.parent, children), listener }));
  if (design.lifetime === "pool") {
    if (!queue.isEmpty) endQueue(stage);
    toTheEnd(() => listing.child!({ ...childOf(stage, 0, {}), listener }));
    // It ended in accept, which is where a child holds it.
    if (design.lock) lock.release();
  }
  for (const descriptor of [listener, ...ends]) close(descriptor);
}

/** The same, of a parent that passes all clients to one child, who is free again before each. */
function playPassing(stage: Setup, clients: number): void {
  const { listing } = stage;
  const { listener, ends } = audience(clients);
  let channel = NOBODY;
  const children = new Pool(stage, {
    start(_index, { childs }) {
      channel = duplicate(childs);
      for (let i = 0; i < clients; i++) notify(channel);
      return NOBODY;
    },
    startFor: () => NOBODY,
  });
  toTheEnd(() => listing.parent!({ ...serverOf(stage, stage.meter.parent, children), listener }));
  const parents = children.members[0]!.channel;
  shutDownWrite(parents);
  toTheEnd(() => listing.child!(childOf(stage, 0, { channel })));
  for (const descriptor of [listener, channel, parents, ...ends]) close(descriptor);
}

/** A listening socket with so many clients, each of whom has asked and closed. */
function audience(clients: number): { listener: number; ends: readonly number[] } {
  const line = new TextEncoder().encode("4000\n");
  const address = unixAddress(`\0herd-stage-${gettid()}`);
  const listener = listen(address, "rehearse");
  const ends = Array.from({ length: clients }, () => {
    const end = streamSocket(address);
    connect(end, address);
    write(end, line, line.length);
    shutDownWrite(end);
    return end;
  });
  endConnecting(listener);
  return { listener, ends };
}

/** Runs what goes on for ever, until a call fails because there is nobody any more. */
function toTheEnd(body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof SystemError && LAST_CALLS.has(error.call))) throw error;
  }
}

const LAST_CALLS = new Set(["accept", "read", "wait4"]);

/** A pool that is not there. */
const noChildren: Children = {
  fill: () => [],
  startFor: () => {},
  reap: () => {},
  keep() {
    throw new SystemError("wait4", "wait for a child", Errno.ECHILD);
  },
  replace: () => {},
  collect: () => [],
  restart: () => {},
};
