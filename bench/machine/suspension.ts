/**
 * Whether a trial stood still: the machine was suspended (a laptop's lid), or programs were stopped (SIGSTOP).
 * Clocks go on, so that throughput and latency are wrong, and nothing else shows it.
 *
 * @module
 */
import { sleptSeconds } from "../../servers/posix/clocks.ts";
import { isStopped } from "../../servers/posix/files.ts";

const LOOK_MS = 500;

/** A look that comes so much too late shows that this process did not run; less may be a busy machine. */
const LATE_MS = 1000;

/** Watches these programs, and this one, until it is disposed of. */
export class SuspensionWatch implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #slept = sleptSeconds();
  #still = 0;

  constructor(pids: readonly number[]) {
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const late = now - last - LOOK_MS;
      last = now;
      if (late > LATE_MS) this.#still += late;
      else if (pids.some(isStopped)) this.#still += LOOK_MS;
    }, LOOK_MS);
  }

  /** Seconds for which the trial stood still so far, in steps of half a second; 0: it did not. */
  get seconds(): number {
    const slept = sleptSeconds() - this.#slept;
    return this.#still / 1000 + (slept > LATE_MS / 1000 ? slept : 0);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
