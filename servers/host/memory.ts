/**
 * The memory of a server under load, sampled by its host.
 *
 * Reading the PSS of a process takes its host about 0.7 ms of CPU time, and the process none; but the two share
 * the machine's processors. So a sample is followed by a pause of a hundred times its own CPU time.
 *
 * @module
 */
import { threadCpu } from "../posix/clocks.ts";
import { gettid } from "../posix/processes.ts";

/** Memory of a server while it served clients: parent and children (PSS: shared pages counted by share). */
export interface Memory {
  /** The most of all samples. */
  readonly peakBytes: number;
  readonly meanBytes: number;
  /** Samples under load; 0: the load was too short for one, and the memory is that just before it. */
  readonly samples: number;
}

/** What is sampled. */
export interface Sampled {
  /** Reads the memory in bytes; null if that is not possible any more. */
  readonly read: () => number | null;
  /** Connections so far, and whether one is being served at this moment. */
  readonly connections: () => { readonly opened: number; readonly isOpen: boolean };
  /** Whether children come and go with the clients, so that only a sample under load has them. */
  readonly perClient: boolean;
}

/** Pause after a sample, as a multiple of its CPU time: at most 1 % of one processor goes into sampling. */
const PAUSE = 100;

/** The shortest pause between two samples. */
const SHORTEST_PAUSE_MS = 250;

/** Milliseconds after the start at which a sample is due at the latest, so that a short load has one, too. */
const FIRST_MS = 100;

/** Milliseconds to look for the next client. */
const SHORT_MS = 1;

/** The longest pause between two looks for a child that lives for a client; a look takes some 10 µs. */
const CHILD_MS = 20;

/** Samples the memory of a server from now on, while clients are served. */
export class MemorySampler {
  readonly #sampled: Sampled;
  /** Bytes of the largest sample and of all together, and the number of samples. */
  #peak = 0;
  #sum = 0;
  #samples = 0;
  /** CPU milliseconds of the dearest sample. */
  #cost = 0;
  readonly #before: number | null;
  /** Connections when it last looked. */
  #opened: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sampled: Sampled) {
    this.#sampled = sampled;
    this.#opened = sampled.connections().opened;
    this.#before = this.#read();
    // A child for one client may live for a millisecond.
    this.#wait(sampled.perClient ? SHORT_MS : Math.min(PAUSE * this.#cost, FIRST_MS));
  }

  /** Ends the sampling. Returns the result; null if there was nothing to read. */
  end(): Memory | null {
    clearTimeout(this.#timer);
    const samples = this.#samples;
    if (samples === 0) {
      if (this.#before === null || this.#sampled.perClient) return null;
      return { peakBytes: this.#before, meanBytes: this.#before, samples };
    }
    return { peakBytes: this.#peak, meanBytes: Math.round(this.#sum / samples), samples };
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => this.#look(milliseconds), milliseconds);
  }

  /**
   * Takes a sample if a client is being served, but not after the last: the pages of Deno's program are shared
   * with the clients, and count more once those have ended. A child that starts for a client has not opened
   * its connection yet.
   */
  #look(waited: number): void {
    const { opened, isOpen } = this.#sampled.connections();
    const isLoaded = opened !== this.#opened;
    this.#opened = opened;
    if (!isOpen && !(isLoaded && this.#sampled.perClient)) {
      return this.#wait(
        isLoaded
          ? SHORT_MS
          : Math.min(2 * waited, this.#sampled.perClient ? CHILD_MS : SHORTEST_PAUSE_MS),
      );
    }
    const bytes = this.#read();
    if (bytes !== null) {
      this.#peak = Math.max(this.#peak, bytes);
      this.#sum += bytes;
      this.#samples++;
    }
    this.#wait(Math.max(PAUSE * this.#cost, SHORTEST_PAUSE_MS));
  }

  #read(): number | null {
    const thread = gettid();
    const start = threadCpu(thread)!;
    const bytes = this.#sampled.read();
    this.#cost = Math.max(this.#cost, 1000 * (threadCpu(thread)! - start));
    return bytes;
  }
}
