import { assertEquals } from "@std/assert";
import { closing } from "../testing.ts";
import { createEpoll, LevelEpoll, MAX_EVENTS, OneShotEpoll, watched } from "./epoll.ts";
import { shareMemory } from "./memory.ts";
import { fork } from "./fork.ts";
import { kill, wait, waitForExit } from "./processes.ts";
import { Signal } from "./signals.ts";
import { close, pipe, read, socketPair, write } from "./sockets.ts";

const byte = new Uint8Array(1);

/** Whether waiting for the set takes longer than it should if something were ready. */
function isIdle(set: number): boolean {
  const pid = fork(() => new OneShotEpoll(set).wait());
  const idle = !waitForExit(pid, 50);
  if (idle) kill(pid, Signal.KILL);
  wait(pid);
  return idle;
}

Deno.test("OneShotEpoll gives a descriptor that is readable, and what it was added with", () => {
  const pipes = [pipe(), pipe()];
  const set = createEpoll();
  using _ = closing(set, ...pipes.flat());
  const ready = new OneShotEpoll(set);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 0xfffffff0 + i);
  write(pipes[1]![1], byte, 1);
  ready.wait();
  assertEquals([ready.descriptor, ready.tag], [pipes[1]![0], 0xfffffff1]);
});

Deno.test("OneShotEpoll gives a descriptor to one alone until it is armed again", () => {
  const [output, input] = pipe();
  const set = createEpoll();
  using _ = closing(set, output, input);
  const ready = new OneShotEpoll(set);
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

Deno.test("OneShotEpoll gives a descriptor whose other end is closed", () => {
  const [output, input] = pipe();
  const set = createEpoll();
  using _ = closing(set, output);
  const ready = new OneShotEpoll(set);
  ready.add(output, 1);
  close(input);
  ready.wait();
  assertEquals(ready.descriptor, output);
});

Deno.test("OneShotEpoll wakes one of several that wait", () => {
  const [output, input] = pipe();
  const set = createEpoll();
  using _ = closing(set, output, input);
  new OneShotEpoll(set).add(output, 1);
  const woken = new Int32Array(shareMemory(4).buffer);
  const waiting = Array.from({ length: 3 }, () =>
    fork(() => {
      const ready = new OneShotEpoll(set);
      for (;;) {
        ready.wait();
        read(ready.descriptor, byte);
        Atomics.add(woken, 0, 1);
        ready.arm(ready.descriptor, 1);
      }
    }));
  for (let sent = 1; sent <= 100; sent++) {
    write(input, byte, 1);
    while (Atomics.load(woken, 0) < sent) waitForExit(waiting[0]!, 1);
  }
  assertEquals(woken[0], 100);
  for (const pid of waiting) {
    kill(pid, Signal.KILL);
    wait(pid);
  }
});

Deno.test("watched() tells what a set waits for, and not what was removed", () => {
  const pipes = [pipe(), pipe(), pipe()];
  const set = createEpoll();
  using _ = closing(set, ...pipes.flat());
  const ready = new OneShotEpoll(set);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 7 + i);
  ready.remove(pipes[0]![0]);
  assertEquals(watched(set).toSorted((a, b) => a.tag - b.tag), [
    { descriptor: pipes[1]![0], tag: 8 },
    { descriptor: pipes[2]![0], tag: 9 },
  ]);
});

/** A set that is closed at the end of the block. */
function makeSet(): LevelEpoll & Disposable {
  const set = createEpoll();
  return Object.assign(new LevelEpoll(set), { [Symbol.dispose]: () => close(set) });
}

Deno.test("LevelEpoll.wait() tells of what is ready, for as long as it is", () => {
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

Deno.test("LevelEpoll.wait() tells of up to as many as its limit, and of any tag", () => {
  using set = makeSet();
  using all = new DisposableStack();
  for (let i = 0; i <= MAX_EVENTS; i++) {
    const [output, input] = pipe();
    all.use(closing(output, input));
    write(input, byte, 1);
    set.add(output, 2 ** 32 - 1 - i);
  }
  assertEquals(set.wait(-1), MAX_EVENTS);
  assertEquals(set.tag(0), 2 ** 32 - 1);
  assertEquals(set.tag(MAX_EVENTS - 1), 2 ** 32 - MAX_EVENTS);
});

Deno.test("LevelEpoll.addForHangUp() tells once that the other end is closed, and of nothing else", () => {
  using set = makeSet();
  const [own, other] = socketPair();
  using _ = closing(own);
  set.addForHangUp(own, 1);
  write(other, byte, 1);
  assertEquals(set.wait(0), 0);
  close(other);
  assertEquals(set.wait(-1), 1);
  assertEquals(set.isEnded(0), true);
  assertEquals(set.wait(0), 0);
  set.addForHangUp(own, 1); // it is there already
  assertEquals(set.wait(0), 0);
});

Deno.test("LevelEpoll.remove() takes a descriptor out", () => {
  using set = makeSet();
  const [output, input] = pipe();
  using _ = closing(output, input);
  write(input, byte, 1);
  set.add(output, 1);
  set.remove(output);
  assertEquals(set.wait(0), 0);
});
