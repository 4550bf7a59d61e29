import { assertEquals } from "@std/assert";
import { readText, tryReadText } from "../posix/files.ts";
import { bufferAt } from "../posix/libc.ts";
import { shareMemory } from "../posix/memory.ts";
import { Queue, QUEUE_BYTES } from "./queue.ts";

const PATIENCE_MS = 5000;

/** The capacity of the queue. */
const LENGTH = 32;

/** Ends a thread that takes connections. */
const END = -1;

/** Indices of a thread's log: its number, and the number of connections put or taken. */
const TID = 0;
const COUNT = 1;
const HEADER = 2;

/** A thread puts 0, 1, 2 … into a queue, or logs each number it takes after the header. */
const PROGRAM = `
  import { Queue } from "${import.meta.resolve("./queue.ts")}";
  import { bufferAt } from "${import.meta.resolve("../posix/libc.ts")}";
  import { gettid } from "${import.meta.resolve("../posix/processes.ts")}";

  const roles = {
    put(queue, log, count) {
      for (let i = 0; i < count; i++) {
        queue.put(i);
        Atomics.add(log, ${COUNT}, 1);
      }
    },
    take(queue, log) {
      for (let taken; (taken = queue.take()) !== ${END};) {
        log[${HEADER} + Atomics.load(log, ${COUNT})] = taken;
        Atomics.add(log, ${COUNT}, 1);
      }
    },
  };

  self.onmessage = ({ data: { role, address, log: { at, bytes }, count } }) => {
    const log = new Int32Array(bufferAt(at, bytes));
    Atomics.store(log, ${TID}, gettid());
    roles[role](new Queue(address), log, count);
    self.close();
  };
`;

/** A new queue. */
function makeQueue(): { queue: Queue; address: bigint } {
  const { address } = shareMemory(QUEUE_BYTES);
  Queue.create(address);
  return { queue: new Queue(address), address };
}

/** A thread that puts `count` connections into the queue at an address, or takes at most as many. */
class Thread implements Disposable {
  readonly #url = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
  readonly #worker = new Worker(this.#url, { type: "module" });
  readonly #log: Int32Array;

  constructor(role: "put" | "take", address: bigint, count: number) {
    const bytes = 4 * (HEADER + count);
    const { address: at } = shareMemory(bytes);
    this.#log = new Int32Array(bufferAt(at, bytes));
    this.#worker.postMessage({ role, address, log: { at, bytes }, count });
  }

  /** Number of connections put or taken. */
  get count(): number {
    return Atomics.load(this.#log, COUNT);
  }

  /** The connections taken, in order. */
  get taken(): number[] {
    return [...this.#log.subarray(HEADER, HEADER + this.count)];
  }

  /** Waits until it has put or taken `count` connections and sleeps. */
  async untilAsleep(count: number): Promise<void> {
    const tid = () => Atomics.load(this.#log, TID);
    await until(`a thread has ${count}`, () => tid() !== 0 && this.count >= count);
    const stat = `/proc/self/task/${tid()}/stat`;
    await until("a thread sleeps", () => /\) S/.test(readText(stat)));
  }

  get hasEnded(): boolean {
    return tryReadText(`/proc/self/task/${Atomics.load(this.#log, TID)}/stat`) === undefined;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    URL.revokeObjectURL(this.#url);
  }
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !isSo();) {
    if (performance.now() > end) throw new Error(`Cannot wait any longer until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function upTo(count: number): number[] {
  return [...Array(count).keys()];
}

Deno.test("take() returns connections in the order they were put, past the end of the ring", () => {
  const { queue } = makeQueue();
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < LENGTH - round; i++) queue.put(100 * round + i);
    for (let i = 0; i < LENGTH - round; i++) assertEquals(queue.take(), 100 * round + i);
  }
});

Deno.test("isEmpty is true without queued connections", () => {
  const { queue } = makeQueue();
  const states = [queue.isEmpty];
  for (
    const step of [() => queue.put(3), () => queue.put(4), () => queue.take(), () => queue.take()]
  ) {
    step();
    states.push(queue.isEmpty);
  }
  assertEquals(states, [true, false, false, false, true]);
});

Deno.test("take() returns connections of another thread in order", async () => {
  const { queue, address } = makeQueue();
  using putter = new Thread("put", address, 2000);
  using taker = new Thread("take", address, 2000);
  await until("all are taken", () => taker.count === 2000);
  assertEquals(putter.count, 2000);
  assertEquals(taker.taken, upTo(2000));
  queue.put(END);
});

Deno.test("take() returns each connection in one of several threads", async () => {
  const { queue, address } = makeQueue();
  using threads = new DisposableStack();
  const takers = upTo(4).map(() => threads.use(new Thread("take", address, 5000)));
  threads.use(new Thread("put", address, 5000));
  const taken = () => takers.reduce((sum, { count }) => sum + count, 0);
  await until("all are taken", () => taken() >= 5000);
  for (const _ of takers) queue.put(END);
  assertEquals(takers.flatMap(({ taken }) => taken).toSorted((a, b) => a - b), upTo(5000));
});

Deno.test("take() blocks while the queue is empty", async () => {
  const { queue, address } = makeQueue();
  using taker = new Thread("take", address, 3);
  for (let i = 0; i < 3; i++) {
    await taker.untilAsleep(i);
    assertEquals(taker.count, i);
    queue.put(70 + i);
  }
  await taker.untilAsleep(3);
  assertEquals(taker.taken, [70, 71, 72]);
  queue.put(END);
});

Deno.test("put() blocks while the queue is full, and loses nothing", async () => {
  const { queue, address } = makeQueue();
  const total = LENGTH + 8;
  using putter = new Thread("put", address, total);
  await putter.untilAsleep(LENGTH);
  assertEquals(putter.count, LENGTH);
  const taken = [queue.take()];
  await putter.untilAsleep(LENGTH + 1);
  assertEquals(putter.count, LENGTH + 1);
  for (let i = 0; i < LENGTH; i++) taken.push(queue.take());
  await until("the rest is put", () => putter.count === total);
  while (taken.length < total) taken.push(queue.take());
  assertEquals(taken, upTo(total));
});

Deno.test("end() has the thread that finds the queue empty take no connection, once, and waits for no room", async () => {
  const { queue, address } = makeQueue();
  for (let i = 0; i < LENGTH; i++) queue.put(i);
  queue.end();
  const taken = Array.from({ length: LENGTH + 1 }, () => queue.take());
  assertEquals(taken, [...upTo(LENGTH), END]);
  using taker = new Thread("take", address, 1);
  await taker.untilAsleep(0);
  queue.put(7);
  await taker.untilAsleep(1);
  queue.end();
  await until("the thread has ended", () => taker.hasEnded);
  assertEquals(taker.taken, [7]);
});
