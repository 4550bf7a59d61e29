import { assertEquals } from "@std/assert";
import { closing } from "../testing.ts";
import { makeReadySet, READY_LIMIT, ReadyLevels, ReadySet, watched } from "./epoll.ts";
import { shareMemory } from "./memory.ts";
import { fork } from "./fork.ts";
import { endsWithin, kill, wait } from "./processes.ts";
import { Signal } from "./signals.ts";
import { close, pipe, read, socketPair, write } from "./sockets.ts";

const byte = new Uint8Array(1);

/** Whether waiting for the set takes longer than it should if something were ready. */
function isIdle(set: number): boolean {
  const pid = fork(() => new ReadySet(set).wait());
  const idle = !endsWithin(pid, 50);
  if (idle) kill(pid, Signal.KILL);
  wait(pid);
  return idle;
}

Deno.test("ReadySet gives a descriptor that is readable, and what it was added with", () => {
  const pipes = [pipe(), pipe()];
  const set = makeReadySet();
  using _ = closing(set, ...pipes.flat());
  const ready = new ReadySet(set);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 0xfffffff0 + i);
  write(pipes[1]![1], byte, 1);
  ready.wait();
  assertEquals([ready.descriptor, ready.tag], [pipes[1]![0], 0xfffffff1]);
});

Deno.test("ReadySet gives a descriptor to one alone until it is armed again", () => {
  const [output, input] = pipe();
  const set = makeReadySet();
  using _ = closing(set, output, input);
  const ready = new ReadySet(set);
  ready.add(output, 1);
  write(input, byte, 1);
  ready.wait();
  assertEquals(isIdle(set), true);
  ready.arm(output, 2);
  ready.wait();
  assertEquals([ready.descriptor, ready.tag], [output, 2]);
  read(output, byte);
  ready.arm(output, 2);
  assertEquals(isIdle(set), true);
});

Deno.test("ReadySet gives a descriptor whose other end is closed", () => {
  const [output, input] = pipe();
  const set = makeReadySet();
  using _ = closing(set, output);
  const ready = new ReadySet(set);
  ready.add(output, 1);
  close(input);
  ready.wait();
  assertEquals(ready.descriptor, output);
});

Deno.test("ReadySet wakes one of several that wait", () => {
  const [output, input] = pipe();
  const set = makeReadySet();
  using _ = closing(set, output, input);
  new ReadySet(set).add(output, 1);
  const woken = new Int32Array(shareMemory(4).buffer);
  const waiting = Array.from({ length: 3 }, () =>
    fork(() => {
      const ready = new ReadySet(set);
      for (;;) {
        ready.wait();
        read(ready.descriptor, byte);
        Atomics.add(woken, 0, 1);
        ready.arm(ready.descriptor, 1);
      }
    }));
  for (let sent = 1; sent <= 100; sent++) {
    write(input, byte, 1);
    while (Atomics.load(woken, 0) < sent) endsWithin(waiting[0]!, 1);
  }
  assertEquals(woken[0], 100);
  for (const pid of waiting) {
    kill(pid, Signal.KILL);
    wait(pid);
  }
});

Deno.test("watched() tells what a set waits for, and not what was removed", () => {
  const pipes = [pipe(), pipe(), pipe()];
  const set = makeReadySet();
  using _ = closing(set, ...pipes.flat());
  const ready = new ReadySet(set);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 7 + i);
  ready.remove(pipes[0]![0]);
  assertEquals(watched(set).toSorted((a, b) => a.tag - b.tag), [
    { descriptor: pipes[1]![0], tag: 8 },
    { descriptor: pipes[2]![0], tag: 9 },
  ]);
});

/** A set that is closed at the end of the block. */
function makeSet(): ReadyLevels & Disposable {
  const set = makeReadySet();
  return Object.assign(new ReadyLevels(set), { [Symbol.dispose]: () => close(set) });
}

Deno.test("ReadyLevels.wait() tells of what is ready, for as long as it is", () => {
  using set = makeSet();
  const [output, input] = pipe();
  const [quiet, quietInput] = pipe();
  using _ = closing(output, input, quiet, quietInput);
  set.add(output, 7);
  set.add(quiet, 8);
  assertEquals(set.wait(0), 0);
  write(input, byte, 1);
  for (const milliseconds of [-1, 1, 0]) {
    assertEquals(set.wait(milliseconds), 1);
    assertEquals([set.tag(0), set.descriptor(0), set.isEnded(0)], [7, output, false]);
  }
  read(output, byte);
  assertEquals(set.wait(0), 0);
});

Deno.test("ReadyLevels.wait() tells of up to as many as its limit, and of any tag", () => {
  using set = makeSet();
  using all = new DisposableStack();
  for (let i = 0; i <= READY_LIMIT; i++) {
    const [output, input] = pipe();
    all.use(closing(output, input));
    write(input, byte, 1);
    set.add(output, 2 ** 32 - 1 - i);
  }
  assertEquals(set.wait(-1), READY_LIMIT);
  assertEquals(set.tag(0), 2 ** 32 - 1);
  assertEquals(set.tag(READY_LIMIT - 1), 2 ** 32 - READY_LIMIT);
});

Deno.test("ReadyLevels.addForEnd() tells once that the other end is closed, and of nothing else", () => {
  using set = makeSet();
  const [own, other] = socketPair();
  using _ = closing(own);
  set.addForEnd(own, 1);
  write(other, byte, 1);
  assertEquals(set.wait(0), 0);
  close(other);
  assertEquals(set.wait(-1), 1);
  assertEquals(set.isEnded(0), true);
  assertEquals(set.wait(0), 0);
  set.addForEnd(own, 1); // it is there already
  assertEquals(set.wait(0), 0);
});

Deno.test("ReadyLevels.remove() takes a descriptor out", () => {
  using set = makeSet();
  const [output, input] = pipe();
  using _ = closing(output, input);
  write(input, byte, 1);
  set.add(output, 1);
  set.remove(output);
  assertEquals(set.wait(0), 0);
});
