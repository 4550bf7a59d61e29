/**
 * A lock around accept: one interface, two ways (UNP §30.7 and §30.8).
 *
 * @module
 */
import type { Lock, LockKind } from "../design.ts";
import { FileLock } from "./file_lock.ts";
import { Mutex } from "./mutex.ts";

/** Where a lock lives: a file's descriptor, or an address in shared memory. */
export interface LockLocation {
  readonly descriptor: number;
  readonly address: bigint;
}

const kinds: Readonly<Record<LockKind, (place: LockLocation) => Lock>> = {
  file: ({ descriptor }) => new FileLock(descriptor),
  mutex: ({ address }) => new Mutex(address),
};

/** The lock of that kind. */
export function openLock(kind: LockKind, place: LockLocation): Lock {
  return kinds[kind](place);
}
