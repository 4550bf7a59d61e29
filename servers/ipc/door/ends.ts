/**
 * The server's ends of a door: the descriptors that its pool of threads waits for.
 *
 * @module
 */
import { OneShotEpoll } from "../../posix/epoll.ts";
import { close } from "../../posix/io.ts";
import { messagePair } from "../../posix/messages.ts";
import type { DoorSlot } from "./table.ts";

/** What a descriptor is that a pool waits for. */
export const End = {
  /** It ends when the pool is to end. */
  pool: 0,
  /** A listener on a path: a client that opens it gets a connection. */
  path: 1,
  /** A connection: whoever has the other end refers to the door and may call it. */
  connection: 2,
  /** The same, but the other end is the descriptor by which the door's own process knows it. */
  own: 3,
} as const;

/** One of `End`. */
export type End = typeof End[keyof typeof End];

const END_BITS = 2;

/** What stands beside a descriptor in the set of its pool: what it is, and of which door. */
export const tagOf = (end: End, door: number) => door << END_BITS | end;
/** What it is. */
export const endOf = (tag: number) => (tag & (1 << END_BITS) - 1) as End;
/** Of which door. */
export const doorOf = (tag: number) => tag >> END_BITS;

const isReference = (end: End) => end === End.path || end === End.connection;

/** Has a door's pool wait for a descriptor. */
export function addEnd(door: DoorSlot, end: End, descriptor: number): void {
  door.opened(isReference(end));
  new OneShotEpoll(door.set).add(descriptor, tagOf(end, door.index));
}

/** Closes a descriptor its pool waited for; whether nobody refers to the door any more. */
export function closeEnd(door: DoorSlot, end: End, descriptor: number): boolean {
  close(descriptor);
  return door.closed(isReference(end));
}

/**
 * Makes another descriptor of a door, to be passed on. A copy of its own process's would do to call it,
 * but nobody would notice when it is closed.
 */
export function makeReference(door: DoorSlot): number {
  const [reference, served] = messagePair();
  addEnd(door, End.connection, served);
  return reference;
}
