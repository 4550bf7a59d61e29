/**
 * Connections on their way to a child that is a program of its own. It may end before it serves, for lack of threads
 * or descriptors of its own: so its parent keeps the connection until the child says that it has begun, and passes
 * it to another one otherwise.
 *
 * @module
 */
import { pipe, Poller } from "../posix/descriptors.ts";
import { close, read, write } from "../posix/io.ts";
import { getpid } from "../posix/processes.ts";

/** A server whose first children, so many in a row, end before they begin does not work at all. */
const MOST_FAILURES = 10;

/** The connections that a parent keeps. */
export class Handover {
  /** Where a child says that it has begun. */
  readonly begun: number;
  readonly #poller: Poller;
  readonly #output: number;
  readonly #message = new Int32Array(1);
  /** By process. */
  readonly #kept = new Map<number, number>();
  readonly #unserved: number[] = [];
  /** Children that ended before any had begun; −1: one has. */
  #failures = 0;

  constructor() {
    [this.#output, this.begun] = pipe();
    this.#poller = new Poller([this.#output]);
  }

  /** A child was started for a connection. */
  keep(pid: number, connection: number): void {
    this.#kept.set(pid, connection);
    this.#release();
  }

  /** A child ended. Whether it had not begun: its connection is the `next`. */
  isUnserved(pid: number): boolean {
    this.#release();
    const connection = this.#kept.get(pid);
    if (connection === undefined) return false;
    this.#kept.delete(pid);
    this.#unserved.push(connection);
    if (this.#failures !== -1) this.#failures++;
    return true;
  }

  /** A connection whose child ended before it had begun. */
  next(): number | undefined {
    this.#release();
    return this.#unserved.shift();
  }

  /** Why the server gives up; undefined: it goes on. */
  get crashLoop(): string | undefined {
    if (this.#failures < MOST_FAILURES) return undefined;
    return `${this.#failures} children in a row ended before they served`;
  }

  /** Closes the connections whose children have begun. */
  #release(): void {
    while (this.#poller.wait(0)) {
      read(this.#output, new Uint8Array(this.#message.buffer));
      const [pid] = this.#message as unknown as [number];
      close(this.#kept.get(pid)!);
      this.#kept.delete(pid);
      this.#failures = -1;
    }
  }
}

/** A child says that it has begun. */
export function sayBegun(begun: number): void {
  write(begun, new Uint8Array(new Int32Array([getpid()]).buffer), Int32Array.BYTES_PER_ELEMENT);
}
