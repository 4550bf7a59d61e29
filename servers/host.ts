/**
 * The host: the process that starts a server, answers for it and reports what it cost. It never blocks
 * and is not measured itself.
 *
 * @module
 */
import { account, type Report, type Snapshot, snapshot } from "./account.ts";
import { Meter, type Slot } from "./children/meter.ts";
import { type Status, STATUS_BYTES, statuses } from "./children/status.ts";
import type { Design } from "./design.ts";
import { fork, requireFork } from "./posix/fork.ts";
import { childrenOf } from "./posix/files.ts";
import { becomeSubreaper, type Ended, getpid, kill, waitLater } from "./posix/processes.ts";
import { Signal } from "./posix/signals.ts";
import {
  type BoundAddress,
  boundAddress,
  close,
  internetAddress,
  listen,
  pipe,
  readLater,
} from "./posix/sockets.ts";
import { serverProcess } from "./process.ts";

/** How a server is to run. */
export interface HostOptions {
  /** Port on 127.0.0.1; 0 lets the system pick one. */
  readonly port: number;
  /** Children of a pool. */
  readonly children: number;
}

/** The longest that clients still being served hold up a stop. */
const DRAIN_LIMIT_MS = 1000;

/** A running server. */
export class Host {
  readonly address: BoundAddress;
  /** Resolves when every child is in its loop; rejects where the server ends before. */
  readonly ready: Promise<void>;
  /** Resolves with the reason if the server ends by itself. */
  readonly failed: Promise<string>;

  readonly #design: Design;
  readonly #meter: Meter;
  readonly #server: number;
  readonly #gone: Promise<void>;
  #waitingFor: Set<number>;
  #from: Snapshot | undefined;
  #stopping = false;
  #setReady!: () => void;
  #setFailed!: (reason: string) => void;

  /** Starts a design's server; `onStatus` hears of what happens to its children. */
  static async start(
    design: Design,
    options: HostOptions,
    onStatus: (status: Status) => void = () => {},
  ): Promise<Host> {
    const listing = await design.listing();
    requireFork();
    becomeSubreaper();
    const doing = `listen on 127.0.0.1:${options.port}`;
    const listener = listen(internetAddress("127.0.0.1", options.port), doing);
    const meter = Meter.create(design.lifetime === "pool" ? options.children : 1);
    const [statusEnd, status] = pipe();
    const address = boundAddress(listener);
    const host = getpid();
    const server = fork(() => {
      close(statusEnd);
      serverProcess(design, { listing, listener, meter, status }, host);
    });
    // The listening socket belongs to those who accept.
    close(listener);
    close(status);
    return new Host(design, meter, server, address, statusEnd, onStatus);
  }

  private constructor(
    design: Design,
    meter: Meter,
    server: number,
    address: BoundAddress,
    statusEnd: number,
    onStatus: (status: Status) => void,
  ) {
    this.#design = design;
    this.#meter = meter;
    this.#server = server;
    this.address = address;
    this.#waitingFor = new Set(meter.children.keys());
    this.failed = new Promise((resolve) => this.#setFailed = resolve);
    this.ready = new Promise((resolve, reject) => {
      this.#setReady = resolve;
      this.failed.then((reason) => reject(new Error(reason)));
    });
    this.ready.catch(() => {});
    this.#readStatus(statusEnd, onStatus);
    this.#gone = this.#reap();
  }

  /** From here on counts. */
  mark(): void {
    this.#from = this.#snapshot();
  }

  /**
   * Ends the server: waits until it is done with its clients (a second at most), ends its processes,
   * waits for all of them, and tells what it cost since the mark.
   */
  async stop(): Promise<Report> {
    this.#stopping = true;
    await this.#drain();
    const to = this.#snapshot();
    // Its children go with it, by their parent-death signal.
    kill(this.#server, Signal.KILL);
    await this.#gone;
    return account(this.#design.id, this.#meter, this.#from ?? to, to);
  }

  #snapshot(): Snapshot {
    return snapshot(this.#meter, {
      pids: (slot: Slot) =>
        this.#design.lifetime === "client" ? childrenOf(this.#server) : [slot.pid],
    });
  }

  async #drain(): Promise<void> {
    const busy = () => this.#meter.children.some((slot) => slot.opened !== slot.closed);
    for (const end = performance.now() + DRAIN_LIMIT_MS; busy() && performance.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async #readStatus(pipe: number, onStatus: (status: Status) => void): Promise<void> {
    const bytes = new Uint8Array(64 * STATUS_BYTES);
    for (let length; (length = await readLater(pipe, bytes)) > 0;) {
      for (const status of statuses(bytes, length)) {
        onStatus(status);
        if (status.kind === "ready" && this.#waitingFor.delete(status.index)) this.#checkReady();
      }
    }
    close(pipe);
  }

  #checkReady(): void {
    if (this.#waitingFor.size > 0) return;
    this.mark();
    this.#setReady();
  }

  /** Waits for the server process, and for those of its children that outlive it. */
  async #reap(): Promise<void> {
    for (let end; (end = await waitLater());) {
      this.#account(end);
      if (end.pid === this.#server && !this.#stopping) {
        this.#setFailed(`the server process ${howItEnded(end)}`);
      }
    }
  }

  #account({ pid, usage }: Ended): void {
    const { children } = this.#meter;
    const slot = this.#design.lifetime === "client" && pid !== this.#server
      ? children[0]
      : children.find((slot) => slot.pid === pid);
    slot?.add(usage);
  }
}

function howItEnded({ code, signal }: Ended): string {
  return signal === undefined ? `ended with code ${code}` : `was ended by signal ${signal}`;
}
