/**
 * Children that are Workers, threads of the host. Their parent is the server's main thread, a Worker itself,
 * which asks the host's thread to make them: a Worker made by a blocked Worker takes a second to start.
 *
 * @module
 */
import type { Children, Member } from "../design.ts";
import { blockSignals, Signal, waitForSignal } from "../posix/signals.ts";
import { endQueue, warmUpListing } from "./warm_up.ts";
import { awaitOpening, clientSlotAddress, type Handles, queueAt, type Setup } from "./setup.ts";

/** How long a child that warms up waits before its queue ends. */
const WAIT_MS = 2;

/** Start message of the main thread, or of a child of a pool. */
export interface WorkerStart {
  readonly role: "parent" | "child";
  readonly index: number;
  readonly address: bigint;
  readonly handles: Handles;
}

/** Start message of a Worker that serves one client. */
export interface ClientWorkerStart {
  readonly role: "client";
  readonly connection: number;
  /** URL of the listing. */
  readonly listing: string;
  /** Address of the slot in which it counts. */
  readonly slotAddress: bigint;
  readonly extraCpu: number;
}

/** A request of a Worker to the host's thread: to start another Worker, or to end a queue. */
type WorkerRequest =
  | WorkerStart
  | ClientWorkerStart
  | { readonly role: "endQueue"; readonly address: bigint };

const PROGRAM = new URL("./worker_main.ts", import.meta.url);
const CLIENT_PROGRAM = new URL("./client_worker_main.ts", import.meta.url);

/** Starts a Worker in a role, and does what it requests. To be called in the host's thread. */
export function startWorker(start: WorkerStart | ClientWorkerStart): void {
  const program = start.role === "client" ? CLIENT_PROGRAM : PROGRAM;
  const worker = new Worker(program, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<WorkerRequest>) => {
    if (data.role !== "endQueue") startWorker(data);
    else setTimeout(() => endQueue(queueAt(data.address)), WAIT_MS);
  };
  worker.postMessage(start);
}

/** Sends a request to the host's thread. */
export type SendRequest = (request: WorkerRequest) => void;

/** Has the host's thread end the queue of a warm-up setup. */
export function endQueueByHost(send: SendRequest): (setup: Setup) => void {
  return ({ address }) => send({ role: "endQueue", address });
}

/** Workers, a pool of them or one for each client. */
export class Workers implements Children {
  readonly #setup: Setup;
  readonly #send: SendRequest;

  constructor(setup: Setup, send: SendRequest) {
    this.#setup = setup;
    this.#send = send;
  }

  fill(): readonly Member[] {
    const { address, handles, meter } = this.#setup;
    for (const index of meter.children.keys()) {
      this.#send({ role: "child", index, address, handles });
    }
    // The children warm up at the same time.
    if (this.#setup.design.queues) {
      warmUpListing(this.#setup, { endQueue: endQueueByHost(this.#send) });
    }
    awaitOpening(handles);
    return [];
  }

  startFor(connection: number): void {
    const { design: { listing }, handles: { extraCpu } } = this.#setup;
    const slotAddress = clientSlotAddress(this.#setup);
    this.#send({ role: "client", connection, listing, slotAddress, extraCpu });
  }

  reap(): void {
    // Threads that end need not be waited for.
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
