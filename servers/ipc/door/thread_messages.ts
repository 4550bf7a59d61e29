/**
 * The messages between the threads of a pool and the thread that manages the pool.
 *
 * @module
 */

/** A door, as its threads need to know it. */
export interface DoorDefinition {
  readonly id: number;
  /** URL of the procedure's module. */
  readonly procedure: string;
  readonly cookie: unknown;
}

/** Messages from the manager to a thread. */
export type ToThread =
  | {
    readonly kind: "bind";
    readonly table: SharedArrayBuffer;
    readonly pool: number;
    readonly epoll: number;
    /** Where the thread records the caller that is waiting for it. */
    readonly caller: SharedArrayBuffer;
  }
  | { readonly kind: "define"; readonly definition: DoorDefinition }
  | { readonly kind: "forget"; readonly id: number }
  | {
    readonly kind: "answer";
    readonly to: number;
    readonly value: unknown;
    readonly error?: Error;
  };

/** Messages from a thread to the manager. */
export type FromThread =
  /** It waits for calls. */
  | { readonly kind: "ready" }
  /** It was the last idle thread. */
  | { readonly kind: "exhausted" }
  /** It has loaded a procedure, or failed to. */
  | { readonly kind: "prepared"; readonly id: number; readonly error?: string }
  /** Its pool has ended, and it terminates. */
  | { readonly kind: "ended" }
  /** A procedure requests what only the manager can do. */
  | {
    readonly kind: "request";
    readonly number: number;
    readonly name: string;
    readonly args: readonly unknown[];
  };

/** Wraps messages of this library, to tell them from others that a Worker may get. */
export interface Envelope<T> {
  readonly herdDoor: T;
}
