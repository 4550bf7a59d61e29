/**
 * The thread that `messages.ts` calls: it answers in the memory they share.
 *
 * @module
 */

/** What it is told, in its first message. */
export interface WorkerStart {
  /** Whose turn it is (0: the caller's), and from byte 8 on what is said. */
  readonly memory: SharedArrayBuffer;
}

self.addEventListener("message", (event) => {
  const { memory } = (event as MessageEvent<WorkerStart>).data;
  const turn = new Int32Array(memory, 0, 1);
  (self as unknown as Worker).postMessage("ready");
  for (;;) {
    Atomics.wait(turn, 0, 0);
    Atomics.store(turn, 0, 0);
    Atomics.notify(turn, 0);
  }
});
