/**
 * Children that are Workers, threads of the host. Lives in the main thread of the server, which is a
 * Worker itself; a thread blocked in a system call still starts Workers, and they run.
 *
 * @module
 */
import type { Children, Member } from "../design.ts";
import { blockSignals, Signal, waitForSignal } from "../posix/signals.ts";
import type { Handles, Setup } from "./setup.ts";

/** What a Worker is told, in its first message. */
export interface Told {
  readonly role: "parent" | "child";
  readonly index: number;
  readonly connection: number;
  readonly address: bigint;
  readonly handles: Handles;
}

/** Starts a Worker in a role. */
export function startWorker(told: Told): Worker {
  const worker = new Worker(new URL("./worker_main.ts", import.meta.url), { type: "module" });
  worker.postMessage(told);
  return worker;
}

/** Workers, a pool of them or one a client. */
export class Workers implements Children {
  readonly #setup: Setup;
  readonly #workers: Worker[] = [];

  constructor(setup: Setup) {
    this.#setup = setup;
  }

  fill(): readonly Member[] {
    for (const index of this.#setup.meter.children.keys()) {
      // A pool's Workers live as long as the server; kept, so that none is collected.
      this.#workers.push(this.#start(index, -1));
    }
    return [];
  }

  startFor(connection: number): void {
    this.#start(0, connection);
  }

  reap(): void {
    // Threads end without anyone waiting for them.
  }

  keep(): never {
    // A thread cannot die by itself: there is nothing to do until the host ends.
    blockSignals(Signal.CHLD);
    for (;;) waitForSignal(Signal.CHLD);
  }

  replace(_member: Member): void {
    throw new Error("Cannot replace a Worker: threads do not die by themselves");
  }

  #start(index: number, connection: number): Worker {
    const { address, handles } = this.#setup;
    return startWorker({ role: "child", index, connection, address, handles });
  }
}
