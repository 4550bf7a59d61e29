/** One suite for all kinds of locks, and tests of their differences. */
import { assert, assertEquals } from "@std/assert";
import type { LockKind } from "../design.ts";
import { designs } from "../designs.ts";
import { readText } from "../posix/files.ts";
import { close } from "../posix/io.ts";
import { unlinkedFile } from "../posix/locking.ts";
import { shareMemory } from "../posix/memory.ts";
import { type ExitStatus, getppid, kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { forkReady, waitFor, waitToBeKilled } from "../testing/fork.ts";
import { isLong } from "../testing/long.ts";
import { type LockLocation, openLock } from "./lock.ts";
import { Mutex } from "./mutex.ts";

const PATIENCE_MS = 30_000;

/** Holders of a lock that are killed one after the other. */
const KILLS = isLong ? 100 : 10;

const kinds = [...new Set(designs.flatMap(({ lock }) => lock ?? []))];

/** Memory and file for a lock of any kind; the file is closed at the end of the block. */
function makePlace(between: "threads" | "processes" = "processes"): LockLocation & Disposable {
  const { address } = shareMemory(Mutex.BYTES);
  Mutex.create(address, between);
  const descriptor = unlinkedFile();
  return { descriptor, address, [Symbol.dispose]: () => close(descriptor) };
}

/** A number shared by forked processes. */
function sharedNumber(): Int32Array {
  return new Int32Array(shareMemory(4).buffer);
}

/** A forked process that has called `ready`; it is killed at the end of the block. */
class Contender implements Disposable {
  readonly pid: number;
  #ended: ExitStatus | undefined;

  constructor(body: (ready: () => void) => void) {
    this.pid = forkReady(body);
  }

  /** Waits for it to exit. */
  ended(): ExitStatus {
    return this.#ended ??= waitFor(this.pid);
  }

  [Symbol.dispose](): void {
    if (this.#ended) return;
    kill(this.pid, Signal.KILL);
    this.ended();
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

function until(what: string, isSo: () => boolean): void {
  for (const end = performance.now() + PATIENCE_MS; !isSo();) {
    if (performance.now() > end) throw new Error(`Cannot wait any longer until ${what}`);
    Atomics.wait(never, 0, 0, 1); // yields the processor
  }
}

/** Waits until the process or thread with that /proc folder sleeps. */
function untilAsleep(folder: string): void {
  until(`${folder} sleeps`, () => /\) S/.test(readText(`${folder}/stat`)));
}

for (const kind of kinds) {
  Deno.test(`acquire() of a ${kind} lock admits one process at a time`, () => {
    using place = makePlace();
    const lock = openLock(kind, place);
    const [count, processes, times] = [sharedNumber(), 4, 5000];
    using all = new DisposableStack();
    // Held until all have started, so that they run concurrently.
    lock.acquire();
    const contenders = Array.from({ length: processes }, () =>
      all.use(
        new Contender((ready) => {
          ready();
          for (let i = 0; i < times; i++) {
            lock.acquire();
            const before = count[0]!;
            getppid(); // gives another process time to interfere
            count[0] = before + 1;
            lock.release();
          }
        }),
      ));
    lock.release();
    assertEquals(contenders.map((contender) => contender.ended().code), [0, 0, 0, 0]);
    assertEquals(count[0], processes * times);
  });

  Deno.test(`acquire() of a ${kind} lock blocks until release(), then others acquire it one by one`, () => {
    using place = makePlace();
    const lock = openLock(kind, place);
    const count = sharedNumber();
    using all = new DisposableStack();
    lock.acquire();
    const contenders = Array.from({ length: 2 }, () =>
      all.use(
        new Contender((ready) => {
          ready();
          lock.acquire();
          Atomics.add(count, 0, 1);
          lock.release();
        }),
      ));
    for (const { pid } of contenders) untilAsleep(`/proc/${pid}`);
    assertEquals(count[0], 0);
    lock.release();
    assertEquals(contenders.map((contender) => contender.ended().code), [0, 0]);
    assertEquals(count[0], 2);
  });

  Deno.test(`acquire() of a ${kind} lock succeeds after its holder is killed, again and again`, () => {
    using place = makePlace();
    const lock = openLock(kind, place);
    const holder = sharedNumber();
    using all = new DisposableStack();
    const contend = (number: number) =>
      all.use(
        new Contender((ready) => {
          ready();
          lock.acquire();
          Atomics.store(holder, 0, number);
          waitToBeKilled();
        }),
      );
    let holding = contend(1);
    until("the first one holds it", () => Atomics.load(holder, 0) === 1);
    for (let number = 2; number <= 1 + KILLS; number++) {
      const next = contend(number);
      untilAsleep(`/proc/${next.pid}`);
      assertEquals(holder[0], number - 1);
      kill(holding.pid, Signal.KILL);
      assertEquals(holding.ended().signal, Signal.KILL);
      until(`number ${number} holds it`, () => Atomics.load(holder, 0) === number);
      holding = next;
    }
    kill(holding.pid, Signal.KILL);
    // It still works afterwards.
    for (let i = 0; i < 2; i++) {
      const contender = all.use(
        new Contender((ready) => {
          ready();
          lock.acquire();
          lock.release();
        }),
      );
      assertEquals(contender.ended().code, 0);
    }
  });
}

const PROGRAM = `
  import { openLock } from "${import.meta.resolve("./lock.ts")}";
  import { gettid } from "${import.meta.resolve("../posix/processes.ts")}";

  self.onmessage = ({ data: { kind, place, act } }) => {
    self.postMessage({ tid: gettid() });
    openLock(kind, place)[act]();
    self.postMessage({ done: act });
  };
`;

/** A thread that acquires and releases a lock on request. */
class Thread implements Disposable {
  readonly #url = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
  readonly #worker = new Worker(this.#url, { type: "module" });
  readonly #kind: LockKind;
  readonly #place: LockLocation;

  constructor(kind: LockKind, { descriptor, address }: LockLocation) {
    this.#kind = kind;
    this.#place = { descriptor, address };
  }

  /** Resolves when the thread is about to do it; `done` resolves when it has. */
  async begin(act: "acquire" | "release"): Promise<{ tid: number; done: Promise<void> }> {
    const started = Promise.withResolvers<number>();
    const done = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      started.reject(new Error(`Cannot wait any longer for a thread to start to ${act}`));
      done.reject(new Error(`Cannot wait any longer for a thread to ${act}`));
    }, PATIENCE_MS);
    this.#worker.onmessage = ({ data }) => {
      if ("tid" in data) return started.resolve(data.tid);
      clearTimeout(timer);
      done.resolve();
    };
    this.#worker.postMessage({ kind: this.#kind, place: this.#place, act });
    return { tid: await started.promise, done: done.promise };
  }

  async do(act: "acquire" | "release"): Promise<void> {
    const { done } = await this.begin(act);
    await done;
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
    URL.revokeObjectURL(this.#url);
  }
}

for (const between of ["threads", "processes"] as const) {
  Deno.test(`acquire() of a mutex between ${between} excludes the threads of one process`, async () => {
    using place = makePlace(between);
    using first = new Thread("mutex", place);
    using second = new Thread("mutex", place);
    await first.do("acquire");
    let isHeld = false;
    const { tid, done } = await second.begin("acquire");
    const held = done.then(() => isHeld = true);
    untilAsleep(`/proc/self/task/${tid}`);
    await new Promise((resolve) => setTimeout(resolve));
    assert(!isHeld);
    await first.do("release");
    await held;
    await second.do("release");
  });
}

Deno.test("acquire() of a file lock does not exclude the threads of one process", async () => {
  using place = makePlace();
  using first = new Thread("file", place);
  using second = new Thread("file", place);
  await first.do("acquire");
  await second.do("acquire");
});
