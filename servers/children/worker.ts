/**
 * Children that are Workers, threads of the host. Their parent is the server's main thread, a Worker itself,
 * which asks the host's thread to make them: a Worker made by a blocked Worker takes a second to start.
 *
 * @module
 */
import type { Children, Design, Member, ServiceName, ServiceTime } from "../design.ts";
import { sleep } from "../posix/clocks.ts";
import { Errno, RETRY_MS } from "../posix/errors.ts";
import { freeDescriptors } from "../posix/processes.ts";
import { blockSignals, Signal, waitForSignal } from "../posix/signals.ts";
import { awaitOpening, type Handles, type Setup, slotAddress } from "./setup.ts";
import { warmUpListing } from "./warm_up.ts";
import { RESERVE } from "./worker_room.ts";

/** Start message of the main thread, or of a child of a pool. */
export interface WorkerStart {
  readonly role: "parent" | "child";
  readonly index: number;
  readonly design: Design;
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
  readonly serviceTime: ServiceTime;
  /** Stream of the times of its requests. */
  readonly stream: number;
  readonly requestTimeout: number;
  readonly service: ServiceName;
}

/** What a Worker asks of the host's thread, or reports to it. */
export type WorkerRequest =
  /** Starts another Worker. */
  | WorkerStart
  | ClientWorkerStart
  /** Ends the queue of a warm-up setup. */
  | { readonly role: "endQueue"; readonly address: bigint }
  /** This Worker dies. It has closed its connection. */
  | { readonly role: "failed" } & Failure;

/** How a Worker died. */
export interface Failure {
  readonly reason: string;
  /** Connections that it counted as taken and not as closed; undefined: all of its slot. */
  readonly unfinished?: number;
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
  #clients = 0;

  constructor(setup: Setup, send: SendRequest) {
    this.#setup = setup;
    this.#send = send;
  }

  fill(): readonly Member[] {
    const { address, design, handles, meter } = this.#setup;
    for (const index of meter.children.keys()) {
      this.#send({ role: "child", index, design, address, handles });
    }
    // The children warm up at the same time.
    if (design.queues) warmUpListing(this.#setup, { endQueue: endQueueByHost(this.#send) });
    awaitOpening(handles);
    return [];
  }

  startFor(connection: number): void {
    // In a shortage this client waits, and those after it in the backlog.
    const { address, design: { listing }, handles, meter } = this.#setup;
    while (freeDescriptors() < RESERVE) {
      meter.parent.lack(Errno.EMFILE);
      sleep(RETRY_MS);
    }
    const slot = slotAddress(address, 0);
    const { serviceTime, requestTimeout, service } = handles;
    this.#send({
      role: "client",
      connection,
      listing,
      slotAddress: slot,
      serviceTime,
      stream: this.#clients++,
      requestTimeout,
      service,
    });
  }

  reap(): void {
    // Threads that end need not be waited for.
  }

  keep(): never {
    // The host's thread replaces Workers that die: there is nothing to do until the host ends.
    blockSignals(Signal.CHLD);
    for (;;) waitForSignal(Signal.CHLD);
  }

  replace(): never {
    throw new Error("Cannot replace a Worker: the host's thread does");
  }

  collect(): boolean {
    return true;
  }

  restart(): never {
    this.replace();
  }
}
