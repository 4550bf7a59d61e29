/**
 * The host: the process that starts a server, watches it and reports its cost. It never blocks and is not
 * measured itself.
 *
 * @module
 */
import { account, countsSince, type LiveCounts, type Preparation, type Report } from "./account.ts";
import { MemorySampler } from "./memory.ts";
import { readMemory, type Snapshot, snapshot } from "./snapshot.ts";
import { loadParts, makeSetup, type Setup } from "../children/setup.ts";
import { parseStatuses, type Status, STATUS_BYTES } from "../children/status.ts";
import type { Design, Making } from "../design.ts";
import { Cgroup } from "../posix/cgroup.ts";
import { pipe } from "../posix/descriptors.ts";
import { errnoName } from "../posix/errors.ts";
import { requireFork } from "../posix/fork.ts";
import { close, readAsync } from "../posix/io.ts";
import { tryIoUring } from "../posix/io_uring_memory.ts";
import { loopbackHost } from "../posix/network.ts";
import { rebaseFailure } from "../posix/rebase.ts";
import { socketPair } from "../posix/sockets.ts";
import { affinity } from "../posix/processes.ts";
import { UnsupportedError } from "../errors.ts";
import { startProcesses } from "./process_server.ts";
import type { ServerOptions } from "./protocol.ts";
import type { Accounting, Running } from "./running.ts";
import { type Endpoint, type ServerAddress, transportOf } from "../transports/transport.ts";
import { transports } from "../transports/transports.ts";

/** How a server is to run. */
export type HostOptions = Omit<ServerOptions, "design" | "placement">;

/** Starts a server, in a cgroup if there is one; it reports deaths of children here or over the pipe. */
type Starter = (
  setup: Setup,
  accounting: Accounting,
  onStatus: (status: Status) => void,
) => Running;

/** A process would inherit the modules that only threads need. */
async function starterOf(making: Making): Promise<Starter> {
  return making === "worker" ? (await import("./thread_server.ts")).startThreads : startProcesses;
}

/** @throws {UnsupportedError} if there are no Unix sockets, over which connections are passed. */
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

/** @throws {UnsupportedError} if the kernel does not let this process have a ring of io_uring. */
function requireIoUring(id: string): void {
  const number = tryIoUring();
  if (number === 0) return;
  throw new UnsupportedError(
    `Cannot use io_uring, as ${id} does: io_uring_setup failed with ${
      errnoName(number)
    }; deno task doctor says what mends that`,
  );
}

/** How long a mark or a stop waits for clients that are still being served. */
const DRAIN_LIMIT_MS = 1000;

/** A running server and its account. */
export class Host {
  /** Its address. */
  readonly address: ServerAddress;
  /**
   * Resolves when every child is in its loop and clients can connect.
   *
   * Rejects with a UsageError if another server has taken the port meanwhile.
   */
  readonly ready: Promise<void>;
  /**
   * Resolves with the reason if the server ends by itself.
   *
   * Rejects with an UnsupportedError if it never was ready because fork does not work here.
   */
  readonly failed: Promise<string>;

  readonly #setup: Setup;
  readonly #running: Running;
  readonly #endpoint: Endpoint;
  readonly #gate: number;
  readonly #waitingFor: Set<number>;
  #from: Snapshot | undefined;
  #sampler: MemorySampler | undefined;
  #preparation: Preparation | null = null;
  #setReady!: (when: void | Promise<never>) => void;

  /** Starts a design's server; `onStatus` gets the events of its children. */
  static async start(
    design: Design,
    { host, port, path, children, launch, serviceTime, requestTimeoutSeconds, ...rest }:
      HostOptions,
    onStatus: (status: Status) => void = () => {},
  ): Promise<Host> {
    const parts = await loadParts(design, rest.service);
    const start = await starterOf(design.children);
    if (design.passes) requireSocketPairs(design.id);
    if (design.isRing) requireIoUring(design.id);
    const transport = await transports[transportOf(design, path !== null)]();
    const size = launch?.processors.length ??
      (design.lifetime === "pool" ? children ?? affinity().length : 1);
    const endpoint = transport.bind(
      path === null ? { host: host ?? loopbackHost(), port } : { host: "localhost", port, path },
      design.isSharded ? { count: size, steer: rest.steer } : undefined,
    );
    const [statusEnd, status] = pipe();
    const [gate, gateEnd] = pipe();
    const setup = makeSetup(parts, {
      children: size,
      launch: launch ?? undefined,
      listeners: endpoint.listeners ?? [endpoint.listener],
      status,
      gate,
      policy: rest.policy,
      serviceTime,
      requestTimeout: requestTimeoutSeconds,
      traceable: rest.traceable,
    });
    const cgroup = rest.cgroup === null ? undefined : Cgroup.create(rest.cgroup);
    const running = start(setup, { cgroup, counters: rest.counters }, onStatus);
    const started = new Host(setup, running, endpoint, gateEnd);
    started.#readStatus(statusEnd, onStatus);
    return started;
  }

  private constructor(setup: Setup, running: Running, endpoint: Endpoint, gate: number) {
    this.#setup = setup;
    this.#running = running;
    this.#endpoint = endpoint;
    this.#gate = gate;
    this.address = endpoint.address;
    this.#waitingFor = new Set(setup.meter.children.keys());
    this.failed = running.ended.then((reason) => {
      // A server that was ready has proved it.
      if (this.#waitingFor.size > 0 && setup.design.children !== "worker") requireFork();
      return reason;
    });
    this.ready = new Promise((resolve) => this.#setReady = resolve);
  }

  /**
   * Restarts the account, once no client is being served, after a second at most: the requests of one that has
   * gone count when its connection is closed, which may be a little later.
   */
  async mark(): Promise<void> {
    await this.#drain();
    this.#begin();
  }

  #begin(): void {
    this.#sampler?.end();
    this.#sampler = this.#sampleMemory();
    this.#setup.meter.parent.forgetLack();
    this.#from = snapshot(this.#setup.meter, this.#running.readings);
  }

  /** The counts since the mark. To be called once it is ready. */
  liveCounts(): LiveCounts {
    return countsSince(this.#from!, this.#setup.meter, this.#running.readings);
  }

  /**
   * Stops the server: waits for its clients (a second at most), ends all its processes and waits for them.
   * Returns its cost since the mark.
   */
  async stop(): Promise<Report> {
    await this.#drain();
    const { design, meter } = this.#setup;
    const { readings } = this.#running;
    const to = snapshot(meter, readings);
    const memory = this.#sampler?.end() ?? null;
    const finalMemory = readMemory(meter, readings);
    this.#endpoint[Symbol.dispose]();
    await this.#running.end();
    return {
      ...account(design, meter, readings, this.#from ?? to, to, finalMemory),
      memory,
      preparation: this.#preparation,
    };
  }

  #sampleMemory(): MemorySampler {
    const { design, meter: { children } } = this.#setup;
    return new MemorySampler({
      read: () => this.#running.readings.allMemory(),
      connections: () => ({
        opened: children.reduce((sum, slot) => sum + slot.opened, 0),
        isOpen: children.some((slot) => slot.opened !== slot.closed),
      }),
      perClient: design.lifetime === "client",
    });
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
      for (const status of parseStatuses(bytes, length).map((status) => this.#withCause(status))) {
        onStatus(status);
        if (status.kind === "prepared") {
          const reason = rebaseFailure(status.error);
          this.#preparation = { rebased: reason === null, reason };
        } else if (status.kind === "ready") this.#childReady(status.index);
      }
    }
    close(pipe);
  }

  /** With the failure message of a child that died, if it left one. */
  #withCause(status: Status): Status {
    if (status.kind !== "lost" && status.kind !== "crashing") return status;
    const { index, pid, reason } = status;
    return { ...status, reason: this.#setup.failureMessage(index).of(pid) ?? reason };
  }

  #childReady(index: number): void {
    if (this.#waitingFor.delete(index) && this.#waitingFor.size === 0) this.#open();
  }

  /** Opens the port: only when all children are ready, so that a client may wait for the port alone. */
  #open(): void {
    try {
      // Before the first client, so that the account includes it.
      this.#begin();
      // A program of its own listens by itself, on the port that this has bound.
      if (!this.#setup.design.isAsync) this.#endpoint.listen();
      this.#running.opened();
      close(this.#gate);
      this.#setReady();
    } catch (error) {
      this.#setReady(Promise.reject(error));
    }
  }
}
