/**
 * The host: the process that starts a server, answers for it and reports what it cost. It never blocks
 * and is not measured itself.
 *
 * @module
 */
import {
  account,
  lastLook,
  type Look,
  lookSince,
  type Report,
  type Snapshot,
  snapshot,
} from "./account.ts";
import { makeSetup, type Setup } from "../children/setup.ts";
import { type Status, STATUS_BYTES, statuses } from "../children/status.ts";
import type { Design, Making } from "../design.ts";
import { loadListing } from "../designs.ts";
import { Cgroup } from "../posix/cgroup.ts";
import { requireFork } from "../posix/fork.ts";
import { UnsupportedError } from "../errors.ts";
import { getpid } from "../posix/processes.ts";
import { close, pipe, readAsync, socketPair } from "../posix/sockets.ts";
import { startProcesses } from "./process_server.ts";
import type { ServerOptions } from "./protocol.ts";
import type { Running } from "./running.ts";
import { startThreads } from "./thread_server.ts";
import { type Endpoint, type ServerAddress, transportOf } from "../transports/transport.ts";
import { transports } from "../transports/transports.ts";

/** How a server is to run. */
export type HostOptions = Omit<ServerOptions, "design" | "placement">;

/** How to start a server, by how its children are made; where there is a cgroup, in that. */
const starters: Readonly<Record<Making, (setup: Setup, cgroup?: Cgroup) => Running>> = {
  none: startProcesses,
  fork: startProcesses,
  subprocess: startProcesses,
  worker: startThreads,
  exec: startProcesses,
};

/** @throws {UnsupportedError} where there are no Unix sockets, over which connections are passed. */
function requireSocketPairs(id: string): void {
  try {
    socketPair().forEach(close);
  } catch (error) {
    const { message } = error as Error;
    throw new UnsupportedError(
      `Cannot pass connections, as ${id} does, without Unix sockets: ${message}`,
    );
  }
}

/** The longest that clients still being served hold up a stop. */
const DRAIN_LIMIT_MS = 1000;

/** A running server and its account. */
export class Host {
  /** Where it listens. */
  readonly address: ServerAddress;
  /**
   * Resolves when every child is in its loop, which is when clients can connect.
   *
   * Rejects with a UsageError where another server with the same port was quicker.
   */
  readonly ready: Promise<void>;
  /** Resolves with the reason if the server ends by itself. */
  readonly failed: Promise<string>;

  readonly #setup: Setup;
  readonly #running: Running;
  readonly #endpoint: Endpoint;
  readonly #gate: number;
  readonly #waitingFor: Set<number>;
  #from: Snapshot | undefined;
  #setReady!: (when: void | Promise<never>) => void;

  /** Starts a design's server; `onStatus` hears of what happens to its children. */
  static async start(
    design: Design,
    { port, path, children, launch, extraCpuNanoseconds, cgroup }: HostOptions,
    onStatus: (status: Status) => void = () => {},
  ): Promise<Host> {
    const listing = await loadListing(design);
    if (design.children !== "worker") requireFork();
    if (design.passes) requireSocketPairs(design.id);
    const transport = await transports[transportOf(design, path !== null)]();
    const endpoint = transport.bind({ host: "127.0.0.1", port, path: path ?? undefined });
    const [statusEnd, status] = pipe();
    const [gate, gateEnd] = pipe();
    const setup = makeSetup(design, listing, {
      children: launch?.processors.length ?? (design.lifetime === "pool" ? children : 1),
      launch: launch ?? undefined,
      listener: endpoint.listener,
      status,
      gate,
      extraCpu: extraCpuNanoseconds,
    });
    const group = cgroup ? Cgroup.make(getpid()) : undefined;
    const running = starters[design.children](setup, group);
    const host = new Host(setup, running, endpoint, gateEnd);
    host.#readStatus(statusEnd, onStatus);
    return host;
  }

  private constructor(setup: Setup, running: Running, endpoint: Endpoint, gate: number) {
    this.#setup = setup;
    this.#running = running;
    this.#endpoint = endpoint;
    this.#gate = gate;
    this.address = endpoint.address;
    this.failed = running.ended;
    this.#waitingFor = new Set(setup.meter.children.keys());
    this.ready = new Promise((resolve) => this.#setReady = resolve);
  }

  /** From here on counts. */
  mark(): void {
    this.#from = snapshot(this.#setup.meter, this.#running.watch);
  }

  /** What happened since the mark, without an end to anything. To be called once it is ready. */
  look(): Look {
    return lookSince(this.#from!, this.#setup.meter, this.#running.watch);
  }

  /**
   * Ends the server: waits until it is done with its clients (a second at most), ends its processes,
   * waits for all of them, and tells what it cost since the mark.
   */
  async stop(): Promise<Report> {
    await this.#drain();
    const { design, meter, handles: { extraCpu } } = this.#setup;
    const { watch } = this.#running;
    const to = snapshot(meter, watch);
    const last = lastLook(meter, watch);
    this.#endpoint[Symbol.dispose]();
    await this.#running.end();
    const report = account(design.id, meter, watch, this.#from ?? to, to, last);
    return extraCpu === 0 ? report : { ...report, extraCpu };
  }

  async #drain(): Promise<void> {
    const busy = () => this.#setup.meter.children.some((slot) => slot.opened !== slot.closed);
    for (const end = performance.now() + DRAIN_LIMIT_MS; busy() && performance.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async #readStatus(pipe: number, onStatus: (status: Status) => void): Promise<void> {
    const bytes = new Uint8Array(64 * STATUS_BYTES);
    for (let length; (length = await readAsync(pipe, bytes)) > 0;) {
      for (const status of statuses(bytes, length)) {
        onStatus(status);
        if (status.kind !== "ready" || !this.#waitingFor.delete(status.index)) continue;
        if (this.#waitingFor.size === 0) this.#open();
      }
    }
    close(pipe);
  }

  /** Lets clients in: not before all is ready, so that whoever waits for the port waits long enough. */
  #open(): void {
    try {
      // Before the first client, who is not to be missing from the account.
      this.mark();
      this.#endpoint.open();
      this.#running.opened();
      close(this.#gate);
      this.#setReady();
    } catch (error) {
      this.#setReady(Promise.reject(error));
    }
  }
}
