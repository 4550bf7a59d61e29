/**
 * Looks for a child that is stopped while it holds the lock around accept: every other child waits for it, and
 * no client is served, but nothing has died.
 *
 * @module
 */
import type { Setup } from "../children/setup.ts";
import type { Status } from "../children/status.ts";
import { isStopped } from "../posix/files.ts";

/** How often it looks. A child is named that is stopped at two looks in a row, once. */
const LOOK_MS = 1000;

/** Names stopped holders of a server's lock, until it is disposed of. */
export class LockWatch implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ lock, meter }: Setup, onStatus: (status: Status) => void) {
    let [looks, last] = [0, 0];
    this.#timer = setInterval(() => {
      const holders = lock.holders();
      const index = meter.children.findIndex(({ pid }) =>
        pid !== 0 && holders.includes(pid) && isStopped(pid)
      );
      const pid = meter.children[index]?.pid ?? 0;
      looks = pid !== 0 && pid === last ? looks + 1 : 1;
      last = pid;
      if (pid !== 0 && looks === 2) onStatus({ kind: "stopped", index, pid });
    }, LOOK_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
