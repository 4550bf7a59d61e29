/**
 * How long requests take, besides their replies: CPU time that each consumes, as for a computation, and time that
 * it waits, as for a database.
 *
 * @module
 */
import type { RequestTime, ServiceTime } from "../design.ts";
import type { Times } from "../sessions.ts";
import { consumeCpu, preciseTimers, sleepNanoseconds } from "../posix/clocks.ts";

/** Nothing, as in the book. */
export const NO_SERVICE_TIME: ServiceTime = {
  work: { nanoseconds: 0, distribution: "fixed" },
  wait: { nanoseconds: 0, distribution: "fixed" },
  seed: 0,
};

/** A service time with the code of another, which takes next to nothing: thousands of it warm a server up. */
export function shortened({ work, wait, seed }: ServiceTime): ServiceTime {
  const atMost = (most: number, time: RequestTime): RequestTime => ({
    nanoseconds: Math.min(most, time.nanoseconds),
    distribution: time.distribution,
  });
  return { work: atMost(10_000, work), wait: atMost(1, wait), seed };
}

/** The times of the requests that one process or thread serves. */
export class RequestTimes implements Times {
  readonly #work: number;
  readonly #isWorkRandom: boolean;
  readonly #wait: number;
  readonly #isWaitRandom: boolean;
  readonly #random: Random;

  /** The times of `stream`, the index of a child or the number of a client: each has numbers of its own. */
  constructor({ work, wait, seed }: ServiceTime, stream: number) {
    this.#work = work.nanoseconds;
    this.#isWorkRandom = work.distribution === "exponential";
    this.#wait = wait.nanoseconds;
    this.#isWaitRandom = wait.distribution === "exponential";
    this.#random = new Random(seed);
    this.begin(stream);
    if (this.#wait > 0) preciseTimers();
  }

  /** Begins another stream. */
  begin(stream: number): void {
    this.#random.begin(stream);
  }

  /** Works and waits for so many requests, in a server that serves one client at a time. */
  spend(requests: number): void {
    if (requests === 0) return;
    this.work(requests);
    const nanoseconds = this.waitFor(requests);
    if (nanoseconds > 0) sleepNanoseconds(nanoseconds);
  }

  work(requests: number): void {
    if (this.#work > 0) consumeCpu(this.#draw(this.#work, this.#isWorkRandom, requests));
  }

  waitFor(requests: number): number {
    return this.#wait > 0 ? this.#draw(this.#wait, this.#isWaitRandom, requests) : 0;
  }

  #draw(mean: number, isRandom: boolean, requests: number): number {
    if (!isRandom) return mean * requests;
    let sum = 0;
    for (let i = 0; i < requests; i++) sum -= mean * Math.log(1 - this.#random.next());
    return sum;
  }
}

/** The times of a stream; undefined if requests take none, as in the book. */
export function requestTimesOf(time: ServiceTime, stream: number): RequestTimes | undefined {
  const { work, wait } = time;
  return work.nanoseconds > 0 || wait.nanoseconds > 0 ? new RequestTimes(time, stream) : undefined;
}

/** Tommy Ettinger's mulberry32, in streams that begin at different places of its one cycle of 2³² numbers. */
class Random {
  /** In memory of its own: a number in a field may be a new object with each change. */
  readonly #state = new Int32Array(1);

  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = mixed(seed);
  }

  begin(stream: number): void {
    this.#state[0] = mixed(this.#seed + stream);
  }

  /** The next number in [0, 1). */
  next(): number {
    const state = this.#state[0]! + 0x6d2b79f5 | 0;
    this.#state[0] = state;
    let t = Math.imul(state ^ state >>> 15, state | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
  }
}

/** Austin Appleby's finalizer of MurmurHash3: neighbouring numbers become distant ones. */
function mixed(number: number): number {
  let hash = number | 0;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}
