/**
 * Distinguishes accidents, and children killed from outside, from crash loops: children that die one after
 * another, while none of the pool serves a client.
 *
 * @module
 */
import type { Slot } from "./meter.ts";

/** A server gives up when so many children in a row died young without a client. */
const CRASH_LIMIT = 10;
const YOUNG_MS = 1000;

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

  /** A child died. Returns why the server gives up, or undefined if it goes on. */
  end({ startedAt, opened }: Life): string | undefined {
    const isCrash = this.#opened === opened && performance.now() - startedAt < YOUNG_MS;
    this.#crashes = isCrash ? this.#crashes + 1 : 0;
    if (this.#crashes < CRASH_LIMIT) return undefined;
    return `${this.#crashes} children in a row died as soon as they were started`;
  }

  get #opened(): number {
    return this.#pool.reduce((sum, { opened }) => sum + opened, 0);
  }
}
