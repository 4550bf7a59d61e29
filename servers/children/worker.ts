/**
 * Children that are Workers, threads of the host. Their parent is the server's main thread, a Worker
 * itself, which asks the host's thread to make them: a Worker that a blocked Worker makes takes a second
 * to start.
 *
 * @module
 */
import type { Children, Member } from "../design.ts";
import { blockSignals, Signal, waitForSignal } from "../posix/signals.ts";
import { putNobody, rehearse } from "./rehearsal.ts";
import { awaitOpening, type Handles, queueAt, type Setup } from "./setup.ts";

/** How long a child that rehearses waits for nobody. */
const PAUSE_MS = 2;

/** What a Worker is told, in its first message. */
export interface Told {
  readonly role: "parent" | "child";
  readonly index: number;
  readonly connection: number;
  readonly address: bigint;
  readonly handles: Handles;
}

/** What a Worker asks the host's thread for: another Worker, or nobody in the queue of a stage. */
type Asked = Told | { readonly role: "nobody"; readonly address: bigint };

/** Starts a Worker in a role, and does what it asks for. To be called in the host's thread. */
export function startWorker(told: Told): void {
  const worker = new Worker(new URL("./worker_main.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Asked>) => {
    if (data.role !== "nobody") startWorker(data);
    else setTimeout(() => putNobody(queueAt(data.address)), PAUSE_MS);
  };
  worker.postMessage(told);
}

/** Where a Worker's messages go. */
export type Post = (asked: Asked) => void;

/** How the queue of a stage is ended: by another thread, which is the host's own. */
export function endQueue(post: Post): (stage: Setup) => void {
  return ({ address }) => post({ role: "nobody", address });
}

/** Workers, a pool of them or one a client. */
export class Workers implements Children {
  readonly #setup: Setup;
  readonly #post: Post;

  constructor(setup: Setup, post: Post) {
    this.#setup = setup;
    this.#post = post;
  }

  fill(): readonly Member[] {
    for (const index of this.#setup.meter.children.keys()) this.#start(index, -1);
    // They rehearse meanwhile, too.
    if (this.#setup.design.queues) rehearse(this.#setup, { endQueue: endQueue(this.#post) });
    awaitOpening(this.#setup.handles);
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

  collect(): readonly Member[] {
    return [];
  }

  restart(member: Member): void {
    this.replace(member);
  }

  #start(index: number, connection: number): void {
    const { address, handles } = this.#setup;
    this.#post({ role: "child", index, connection, address, handles });
  }
}
