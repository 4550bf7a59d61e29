/**
 * How long requests take, besides their replies: CPU time that each consumes, as for a computation, and time that
 * it waits, as for a database.
 *
 * @module
 */
import type { RequestTime, ServiceTime } from "../design.ts";
import type { Times } from "../sessions.ts";
import { Mulberry32 } from "../random.ts";
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
  readonly #seed: number;
  readonly #random = new Mulberry32(0);

  /** The times of `stream`, the index of a child or the number of a client: each has numbers of its own. */
  constructor({ work, wait, seed }: ServiceTime, stream: number) {
    this.#work = work.nanoseconds;
    this.#isWorkRandom = work.distribution === "exponential";
    this.#wait = wait.nanoseconds;
    this.#isWaitRandom = wait.distribution === "exponential";
    this.#seed = mixed(seed);
    this.begin(stream);
    if (this.#wait > 0) preciseTimers();
  }

  /** Begins another stream: at a place of its own of the one cycle of numbers. */
  begin(stream: number): void {
    this.#random.begin(mixed(this.#seed + stream));
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
    for (let i = 0; i < requests; i++) sum -= mean * Math.log(1 - this.#random.fraction());
    return sum;
  }
}

/** The times of a stream; undefined if requests take none, as in the book. */
export function requestTimesOf(time: ServiceTime, stream: number): RequestTimes | undefined {
  const { work, wait } = time;
  return work.nanoseconds > 0 || wait.nanoseconds > 0 ? new RequestTimes(time, stream) : undefined;
}

/** Austin Appleby's finalizer of MurmurHash3: neighbouring numbers become distant ones. */
function mixed(number: number): number {
  let hash = number | 0;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return hash ^ hash >>> 16;
}
