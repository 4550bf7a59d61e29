/**
 * Starts the Workers of a server in the host's thread, and watches them: one that fails to start or throws is
 * reported at once, and a child of a pool is replaced.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import { freeThreads, threadLimits } from "../posix/cgroup.ts";
import { Errno, placeText, RETRY_MS, SystemError } from "../posix/errors.ts";
import { close } from "../posix/io.ts";
import { freeDescriptors } from "../posix/processes.ts";
import { CrashLoop, type Life } from "./crash_loop.ts";
import type { DoorThreadStart } from "./door_worker_main.ts";
import type { Slot } from "./meter.ts";
import { listenerOf, queueAt, type Setup, slotAddress } from "./setup.ts";
import type { Status } from "./status.ts";
import type { ClientWorkerStart, Failure, WorkerRequest, WorkerStart } from "./worker.ts";
import { CLIENT_START_ROOM, POOL_START_ROOM, START_THREADS } from "./worker_room.ts";

/** How long a child that warms up waits before its queue ends. */
const WAIT_MS = 2;

const PROGRAM = new URL("./worker_main.ts", import.meta.url);
const CLIENT_PROGRAM = new URL("./client_worker_main.ts", import.meta.url);

/** Gets what happens to Workers. */
export interface WorkerObserver {
  onStatus(status: Status): void;
  /** Ends the server with a reason. */
  fail(reason: string): void;
}

/** A child that lives in a slot. */
interface LivingChild {
  readonly index: number;
  readonly life: Life;
}

/** Starts and watches the Workers of a server. */
export class WorkerStarter {
  readonly #setup: Setup;
  readonly #observer: WorkerObserver;
  readonly #crashLoops: readonly CrashLoop[];
  /** Slots in which a thread of a library lives. */
  readonly #taken = new Set<number>();
  /** Slots of a pool whose Worker was started; its pid is 0 until it is ready. */
  readonly #begun = new Set<Slot>();
  /** Workers that were started for a client; not those that never served it. */
  #clients = 0;
  readonly #threadLimits = threadLimits();
  /** What waits until there are descriptors for it. */
  readonly #waiting: (WorkerStart | ClientWorkerStart)[] = [];
  #isOpen = false;
  #hasFailed = false;

  constructor(setup: Setup, observer: WorkerObserver) {
    this.#setup = setup;
    this.#observer = observer;
    this.#crashLoops = setup.meter.children.map(() => new CrashLoop(setup.meter.children));
  }

  /** Starts the server's main thread, and then what that asks for. */
  startMain(): void {
    const { design, address, handles } = this.#setup;
    this.#start({ role: "parent", index: -1, design, address, handles });
  }

  /** Starts a thread that a library has asked for, in a free slot; undefined: there is none. */
  startLibraryThread(program: URL): Worker | undefined {
    const { address, handles: { status, serviceTime }, meter } = this.#setup;
    const index = [...meter.children.keys()].find((index) => !this.#taken.has(index));
    if (index === undefined) return undefined;
    const worker = this.#tryWorker(program);
    if (worker === undefined) return undefined;
    this.#taken.add(index);
    const child = this.#begin(index);
    this.#begun.add(meter.children[index]!);
    onUncaught(worker, (reason) => {
      // The library replaces only threads that had started.
      if (meter.children[index]!.pid === 0) {
        this.#fail(`a thread failed to start: ${reason}`);
      } else if (this.#lose(child, { reason })) this.#taken.delete(index);
    });
    const start = { index, status, slotAddress: slotAddress(address, index), serviceTime };
    worker.postMessage(start satisfies DoorThreadStart);
    return worker;
  }

  /** The server listens from now on. */
  opened(): void {
    this.#isOpen = true;
  }

  #begin(index: number): LivingChild {
    return { index, life: this.#crashLoops[index]!.begin() };
  }

  /** Starts a Worker as soon as there are descriptors for it, after those that wait already. */
  #request(start: WorkerStart | ClientWorkerStart): void {
    if (this.#waiting.push(start) === 1) this.#startWaiting();
  }

  #startWaiting(): void {
    for (let start; (start = this.#waiting[0]);) {
      if (!this.#hasRoomFor(start)) {
        this.#setup.meter.parent.lack(Errno.EMFILE);
        break;
      }
      if (!this.#start(start)) break;
      this.#waiting.shift();
    }
    if (this.#waiting.length > 0 && !this.#hasFailed) {
      setTimeout(() => this.#startWaiting(), RETRY_MS);
    }
  }

  #hasRoomFor({ role }: WorkerStart | ClientWorkerStart): boolean {
    if (role === "client") return freeDescriptors() >= CLIENT_START_ROOM;
    // The main thread may warm up as they do.
    return freeDescriptors() >= (this.#starting + 2) * POOL_START_ROOM;
  }

  /** Workers that start: they have not taken all descriptors and threads yet. */
  get #starting(): number {
    const { design: { lifetime }, meter: { children: [slot] } } = this.#setup;
    return lifetime === "client"
      ? this.#clients - slot!.opened
      : [...this.#begun].filter(({ pid }) => pid === 0).length;
  }

  /** A new Worker; undefined in a shortage of threads, which ends a server that is not ready yet. */
  #tryWorker(program: URL): Worker | undefined {
    try {
      if (freeThreads(this.#threadLimits) < (this.#starting + 1) * START_THREADS) {
        throw new SystemError("clone", "start a thread", Errno.EAGAIN);
      }
      return new Worker(program, { type: "module" });
    } catch (error) {
      if (!this.#isOpen) this.#fail(`a thread failed to start: ${(error as Error).message}`);
      this.#setup.meter.parent.lack(Errno.EAGAIN);
    }
  }

  /** Starts a Worker; false in a shortage of threads. */
  #start(start: WorkerStart | ClientWorkerStart): boolean {
    const isClient = start.role === "client";
    const worker = this.#tryWorker(isClient ? CLIENT_PROGRAM : PROGRAM);
    if (worker === undefined) return false;
    const child = start.role === "parent" ? undefined : this.#begin(isClient ? 0 : start.index);
    if (start.role === "child") this.#begun.add(this.#setup.meter.children[start.index]!);
    if (isClient) this.#clients++;
    const lose = (failure: Failure) => {
      if (child === undefined) this.#fail(`the main thread failed: ${failure.reason}`);
      else if (this.#lose(child, failure) && !isClient) this.#request(start);
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerRequest>) => {
      if (data.role === "failed") lose(data);
      else if (data.role === "endQueue") endQueueLater(data.address);
      else this.#request(data);
    };
    onUncaught(worker, (reason) => {
      // It did not start: the programs catch all errors after that.
      if (isClient) close(start.connection);
      lose(isClient ? { reason, unfinished: 0 } : { reason });
    });
    worker.postMessage(start);
    return true;
  }

  /** A child died. Returns whether it is to be replaced, unless the server gives up. */
  #lose({ index, life }: LivingChild, { reason, unfinished }: Failure): boolean {
    const slot = this.#setup.meter.children[index]!;
    const { pid } = slot;
    slot.pid = 0;
    this.#begun.delete(slot);
    if (unfinished === 0) this.#clients--;
    slot.lose(unfinished);
    if (this.#hasFailed) return false;
    const listener = listenerOf(this.#setup, index);
    const crashLoop = this.#crashLoops[index]!.end(life, this.#isOpen ? listener : -1);
    const kind = crashLoop ? "crashing" : "lost";
    this.#observer.onStatus({ kind, index, pid, reason });
    if (crashLoop) this.#fail(`${crashLoop}: ${reason}`);
    return crashLoop === undefined;
  }

  #fail(reason: string): void {
    if (!this.#hasFailed) this.#observer.fail(reason);
    this.#hasFailed = true;
  }
}

function endQueueLater(address: bigint): void {
  setTimeout(() => queueAt(address).end(), WAIT_MS);
}

/** Gets the reason for which a Worker failed to start, or died of an uncaught error. */
function onUncaught(worker: Worker, died: (reason: string) => void): void {
  worker.addEventListener("error", (event) => {
    event.preventDefault(); // or the error ends the host, too
    const { message, filename, lineno } = event;
    died(
      filename ? `${plainReason(message)} ${placeText(filename, lineno)}` : plainReason(message),
    );
  });
}

/** The first line of a message, without the colours and the word `Uncaught` that Deno adds. */
function plainReason(message: string): string {
  const [line] = stripVTControlCharacters(message).split("\n") as [string];
  return line.replace(/^Uncaught (\(in promise\) )?(Error: )?/, "");
}
