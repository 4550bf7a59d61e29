/**
 * Locks around accept: one interface, two implementations (UNP §30.7 and §30.8).
 *
 * @module
 */
import type { Lock, LockKind } from "../design.ts";
import { FileLock } from "./file_lock.ts";
import { Mutex } from "./mutex.ts";

/** Location of a lock: the descriptor of its file, or its address in shared memory. */
export interface LockLocation {
  readonly descriptor: number;
  readonly address: bigint;
}

/** A lock whose holder can be seen from outside. */
export interface OpenLock extends Lock {
  /** The processes that may hold it now. */
  holders(): readonly number[];
}

const kinds: Readonly<Record<LockKind, (place: LockLocation) => OpenLock>> = {
  file: ({ descriptor }) => new FileLock(descriptor),
  mutex: ({ address }) => new Mutex(address),
};

/** Opens a lock of the given kind. */
export function openLock(kind: LockKind, place: LockLocation): OpenLock {
  return kinds[kind](place);
}
