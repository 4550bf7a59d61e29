/**
 * The server's descriptors of a door, which its thread pool polls.
 *
 * @module
 */
import { OneShotEpoll } from "../../posix/epoll.ts";
import { close } from "../../posix/io.ts";
import { messagePair } from "../../posix/messages.ts";
import type { DoorSlot } from "./table.ts";

/** Kinds of descriptors that a pool polls. */
export const End = {
  /** A pipe that is closed to end the pool. */
  pool: 0,
  /** A listener with a path; clients open the door by connecting. */
  path: 1,
  /** A connection. The peer holds a reference to the door and may call it. */
  connection: 2,
  /** A connection whose peer is the door's descriptor in its own process; it does not count as a reference. */
  own: 3,
} as const;

/** One of `End`. */
export type End = typeof End[keyof typeof End];

const END_BITS = 2;

/** The tag of a descriptor in the pool's epoll instance: its kind and the index of its door. */
export const tagOf = (end: End, door: number) => door << END_BITS | end;
/** The kind in a tag. */
export const endOf = (tag: number) => (tag & (1 << END_BITS) - 1) as End;
/** The index of the door in a tag. */
export const doorOf = (tag: number) => tag >> END_BITS;

const isReference = (end: End) => end === End.path || end === End.connection;

/** Adds a descriptor to those that a door's pool polls. */
export function addEnd(door: DoorSlot, end: End, descriptor: number): void {
  door.opened(isReference(end));
  new OneShotEpoll(door.epoll).add(descriptor, tagOf(end, door.index));
}

/** Closes a descriptor that the pool polled; returns whether the door has become unreferenced. */
export function closeEnd(door: DoorSlot, end: End, descriptor: number): boolean {
  close(descriptor);
  return door.closed(isReference(end));
}

/**
 * Creates another descriptor of a door, to pass it to a process. A copy of the process's own descriptor would
 * suffice for calls, but the server could not detect when it is closed.
 */
export function makeReference(door: DoorSlot): number {
  const [reference, served] = messagePair();
  addEnd(door, End.connection, served);
  return reference;
}
