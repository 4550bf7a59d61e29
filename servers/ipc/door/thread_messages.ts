/**
 * The messages between a thread of a pool and the thread that manages the pool.
 *
 * @module
 */

/** A door as its threads are told of it. */
export interface Definition {
  readonly id: number;
  /** URL of the procedure's module. */
  readonly procedure: string;
  readonly cookie: unknown;
}

/** What a thread is told by who manages its pool. */
export type ToThread =
  | {
    readonly kind: "bind";
    readonly table: SharedArrayBuffer;
    readonly pool: number;
    readonly set: number;
    /** Where the thread notes who waits for it. */
    readonly caller: SharedArrayBuffer;
  }
  | { readonly kind: "define"; readonly definition: Definition }
  | { readonly kind: "forget"; readonly id: number }
  | {
    readonly kind: "answer";
    readonly to: number;
    readonly value: unknown;
    readonly error?: Error;
  };

/** What a thread tells who manages its pool. */
export type FromThread =
  /** It waits for calls. */
  | { readonly kind: "ready" }
  /** It was the last one that did. */
  | { readonly kind: "exhausted" }
  /** It has loaded a procedure, or cannot. */
  | { readonly kind: "prepared"; readonly id: number; readonly error?: string }
  /** Its pool has ended, and it does now. */
  | { readonly kind: "ended" }
  /** A procedure asks for what only the manager can do. */
  | {
    readonly kind: "request";
    readonly number: number;
    readonly name: string;
    readonly args: readonly unknown[];
  };

/** How messages of this library are told from others a Worker may get. */
export interface Envelope<T> {
  readonly herdDoor: T;
}
