/**
 * Children that are Workers, threads of the host. Their parent is the server's main thread, a Worker
 * itself, which asks the host's thread to make them: a Worker that a blocked Worker makes takes a second
 * to start.
 *
 * @module
 */
import type { Children, Member } from "../design.ts";
import { blockSignals, Signal, waitForSignal } from "../posix/signals.ts";
import { putNobody, rehearse } from "./warm_up.ts";
import { awaitOpening, clientSlotAddress, type Handles, queueAt, type Setup } from "./setup.ts";

/** How long a child that rehearses waits for nobody. */
const PAUSE_MS = 2;

/** What a Worker is told, in its first message. */
export interface Told {
  readonly role: "parent" | "child";
  readonly index: number;
  readonly address: bigint;
  readonly handles: Handles;
}

/** What a Worker is told that serves one client. */
export interface ToldOfClient {
  readonly role: "client";
  readonly connection: number;
  /** URL of the listing. */
  readonly listing: string;
  /** Where it counts. */
  readonly slotAddress: bigint;
  readonly extraCpu: number;
}

/** What a Worker asks the host's thread for: another Worker, or nobody in the queue of a stage. */
type Asked = Told | ToldOfClient | { readonly role: "nobody"; readonly address: bigint };

const PROGRAM = new URL("./worker_main.ts", import.meta.url);
const CLIENT_PROGRAM = new URL("./client_worker_main.ts", import.meta.url);

/** Starts a Worker in a role, and does what it asks for. To be called in the host's thread. */
export function startWorker(told: Told | ToldOfClient): void {
  const program = told.role === "client" ? CLIENT_PROGRAM : PROGRAM;
  const worker = new Worker(program, { type: "module" });
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
    const { address, handles, meter } = this.#setup;
    for (const index of meter.children.keys()) {
      this.#post({ role: "child", index, address, handles });
    }
    // They rehearse meanwhile, too.
    if (this.#setup.design.queues) rehearse(this.#setup, { endQueue: endQueue(this.#post) });
    awaitOpening(handles);
    return [];
  }

  startFor(connection: number): void {
    const { design: { listing }, handles: { extraCpu } } = this.#setup;
    const slotAddress = clientSlotAddress(this.#setup);
    this.#post({ role: "client", connection, listing, slotAddress, extraCpu });
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
}
