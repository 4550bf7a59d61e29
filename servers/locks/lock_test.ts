/** One suite for every kind of lock, and then what they differ by. */
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
import { type LockLocation, openLock } from "./lock.ts";
import { Mutex } from "./mutex.ts";

const PATIENCE_MS = 30_000;

const kinds = [...new Set(designs.flatMap(({ lock }) => lock ?? []))];

/** A place for a lock of any kind; its file is gone at the end of the block that uses it. */
function makePlace(between: "threads" | "processes" = "processes"): LockLocation & Disposable {
  const { address } = shareMemory(Mutex.BYTES);
  Mutex.create(address, between);
  const descriptor = unlinkedFile();
  return { descriptor, address, [Symbol.dispose]: () => close(descriptor) };
}

/** A number that forked processes share. */
function sharedNumber(): Int32Array {
  return new Int32Array(shareMemory(4).buffer);
}

/** A forked process that has come to its `ready`; it does not outlive the block that uses it. */
class Contender implements Disposable {
  readonly pid: number;
  #ended: ExitStatus | undefined;

  constructor(body: (ready: () => void) => void) {
    this.pid = forkReady(body);
  }

  /** Waits for its end. */
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
    Atomics.wait(never, 0, 0, 1); // leaves the processor to those it waits for
  }
}

/** Waits until the process or thread with that /proc folder sleeps, as one does that has to wait. */
function untilAsleep(folder: string): void {
  until(`${folder} sleeps`, () => /\) S/.test(readText(`${folder}/stat`)));
}

for (const kind of kinds) {
  Deno.test(`acquire() of a ${kind} lock lets in one process at a time`, () => {
    using place = makePlace();
    const lock = openLock(kind, place);
    const [count, processes, times] = [sharedNumber(), 4, 5000];
    using all = new DisposableStack();
    // Held until all are there, so that they run at the same time.
    lock.acquire();
    const contenders = Array.from({ length: processes }, () =>
      all.use(
        new Contender((ready) => {
          ready();
          for (let i = 0; i < times; i++) {
            lock.acquire();
            const before = count[0]!;
            getppid(); // leaves time for another to come in between
            count[0] = before + 1;
            lock.release();
          }
        }),
      ));
    lock.release();
    assertEquals(contenders.map((contender) => contender.ended().code), [0, 0, 0, 0]);
    assertEquals(count[0], processes * times);
  });

  Deno.test(`acquire() of a ${kind} lock waits until release(), then others get it in turn`, () => {
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

  Deno.test(`acquire() of a ${kind} lock gets it from a holder that is killed, 100 times`, () => {
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
    for (let number = 2; number <= 101; number++) {
      const next = contend(number);
      untilAsleep(`/proc/${next.pid}`);
      assertEquals(holder[0], number - 1);
      kill(holding.pid, Signal.KILL);
      assertEquals(holding.ended().signal, Signal.KILL);
      until(`number ${number} holds it`, () => Atomics.load(holder, 0) === number);
      holding = next;
    }
    kill(holding.pid, Signal.KILL);
    // Taken over from the dead, it is as good as new.
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

/** A thread that does with a lock what it is told. */
class Thread implements Disposable {
  readonly #url = URL.createObjectURL(new Blob([PROGRAM], { type: "text/javascript" }));
  readonly #worker = new Worker(this.#url, { type: "module" });
  readonly #kind: LockKind;
  readonly #place: LockLocation;

  constructor(kind: LockKind, { descriptor, address }: LockLocation) {
    this.#kind = kind;
    this.#place = { descriptor, address };
  }

  /** Resolves once the thread is about to do it: `done` tells when it has. */
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
