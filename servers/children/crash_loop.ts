/**
 * Distinguishes accidents, and children killed from outside, from crash loops: children that die one after
 * another, while none of the pool serves a client.
 *
 * @module
 */
import { isListening } from "../posix/sockets.ts";
import type { Slot } from "./meter.ts";

/** A server gives up when so many children in a row died young without a client. */
const CRASH_LIMIT = 10;
/** Young: a Worker, or a Deno subprocess, takes a second to start on a machine with much else to do. */
const YOUNG_MS = 5000;

/** The start of a child's life. */
export interface Life {
  readonly startedAt: number;
  /** Connections that the pool had taken before it. */
  readonly opened: number;
}

/** The crashes in one slot of a pool. */
export class CrashLoop {
  readonly #pool: readonly Slot[];
  #crashes = 0;

  constructor(pool: readonly Slot[]) {
    this.#pool = pool;
  }

  /** A child starts. */
  begin(): Life {
    return { startedAt: performance.now(), opened: this.#opened };
  }

  /**
   * A child died. Returns why the server gives up, or undefined if it goes on: not if the socket that it listens
   * on was destroyed (ss(8), --kill). `listener`: −1 before it listens.
   */
  end({ startedAt, opened }: Life, listener: number): string | undefined {
    if (listener !== -1 && !isListening(listener)) return "its socket does not listen any more";
    const isCrash = this.#opened === opened && performance.now() - startedAt < YOUNG_MS;
    this.#crashes = isCrash ? this.#crashes + 1 : 0;
    if (this.#crashes < CRASH_LIMIT) return undefined;
    return `${this.#crashes} children in a row died as soon as they were started`;
  }

  get #opened(): number {
    return this.#pool.reduce((sum, { opened }) => sum + opened, 0);
  }
}
