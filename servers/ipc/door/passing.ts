/**
 * The doors that this thread holds, and passing them to other processes.
 *
 * @module
 */
import { close } from "../../posix/io.ts";
import { getpid } from "../../posix/processes.ts";
import { makeReference } from "./ends.ts";
import type { DoorSlot, Table } from "./table.ts";

/** The doors of this process. */
let table: Table | undefined;

/** Connections opened by this thread and not shared with any other: replies may come over them. */
const unshared = new Set<number>();
let pid = getpid();

/** Sets the table of this process's doors. */
export function useTable(own: Table): void {
  table = own;
}

/** The door of this process with that descriptor, if it is one. */
export function localDoor(descriptor: number): DoorSlot | undefined {
  return table?.find(descriptor);
}

/** Whether only this thread has a connection. */
export function isUnshared(door: number): boolean {
  if (pid !== getpid()) {
    // This process was forked since: its parent has the same connections.
    unshared.clear();
    pid = getpid();
  }
  return unshared.has(door);
}

/** Adds a connection that this thread has just opened. */
export function addUnshared(door: number): void {
  isUnshared(door);
  unshared.add(door);
}

/** Removes a connection that is closed, or shared now. */
export function dropUnshared(door: number): void {
  unshared.delete(door);
}

/** Descriptors to pass on. */
export interface Passed {
  readonly descriptors?: readonly number[];
  /** Whether to close them here after sending (DOOR_RELEASE). */
  readonly release?: boolean;
}

/**
 * Calls `send` with the descriptors to pass: doors of this process are replaced by new references, so that
 * the server detects when they are closed.
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
