/**
 * A lock around accept: one interface, two ways (UNP §30.7 and §30.8).
 *
 * @module
 */
import { FileLock } from "./file_lock.ts";
import { Mutex } from "./mutex.ts";

/** Held around accept, and only there. */
export interface Lock {
  /** Waits for the lock and takes it. */
  acquire(): void;
  /** Gives it back. */
  release(): void;
}

/** Where a lock lives: a file's descriptor, or an address in shared memory. */
export interface LockPlace {
  readonly descriptor: number;
  readonly address: bigint;
}

/** The kinds of lock. */
export type LockKind = keyof typeof kinds;

const kinds = {
  file: ({ descriptor }: LockPlace): Lock => new FileLock(descriptor),
  mutex: ({ address }: LockPlace): Lock => new Mutex(address),
} as const;

/** The lock of that kind. */
export function openLock(kind: LockKind, place: LockPlace): Lock {
  return kinds[kind](place);
}
