/**
 * The thread that `messages.ts` calls through shared memory.
 *
 * @module
 */

/** The first message to the thread. */
export interface WorkerStart {
  /** Whose turn it is (0: the caller's); from byte 8 the message. */
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
