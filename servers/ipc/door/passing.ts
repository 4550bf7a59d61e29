/**
 * What this thread knows of the doors it has, and what follows when it passes one of them on.
 *
 * @module
 */
import { close } from "../../posix/io.ts";
import { getpid } from "../../posix/processes.ts";
import { makeReference } from "./ends.ts";
import type { DoorSlot, Table } from "./table.ts";

/** The doors of this process. */
let table: Table | undefined;

/** The connections that this thread has made and nobody else has: answers may come over them. */
const unshared = new Set<number>();
let pid = getpid();

/** Says where the doors of this process stand. */
export function useTable(own: Table): void {
  table = own;
}

/** The door of this very process that goes by this descriptor. */
export function localDoor(descriptor: number): DoorSlot | undefined {
  return table?.find(descriptor);
}

/** Whether answers to this thread may come over that connection. */
export function isUnshared(door: number): boolean {
  if (pid !== getpid()) {
    // Forked since: its parent has the same connections.
    unshared.clear();
    pid = getpid();
  }
  return unshared.has(door);
}

/** This thread has just made that connection. */
export function addUnshared(door: number): void {
  isUnshared(door);
  unshared.add(door);
}

/** That descriptor is closed, or somebody else's too. */
export function dropUnshared(door: number): void {
  unshared.delete(door);
}

/** Descriptors to pass on. */
export interface Passed {
  readonly descriptors?: readonly number[];
  /** Closes them here once they are sent (DOOR_RELEASE). */
  readonly release?: boolean;
}

/**
 * Sends with `send` what may be passed in place of those descriptors: of a door of this process a
 * reference of its own, so that its end is noticed.
 */
export function passOn<T>(
  { descriptors = [], release = false }: Passed,
  send: (descriptors: readonly number[]) => T,
): T {
  if (descriptors.length === 0) return send(descriptors);
  const made: number[] = [];
  const sendable = descriptors.map((descriptor) => {
    const door = localDoor(descriptor);
    if (door === undefined) return descriptor;
    made.push(makeReference(door));
    return made.at(-1)!;
  });
  for (const descriptor of descriptors) if (!localDoor(descriptor)) dropUnshared(descriptor);
  try {
    return send(sendable);
  } finally {
    made.forEach(close);
    if (release) descriptors.forEach(close);
  }
}
