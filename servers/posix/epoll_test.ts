import { assertEquals } from "@std/assert";
import { closing } from "../testing/fork.ts";
import { pipe } from "./descriptors.ts";
import { createEpoll, epollEntries, LevelEpoll, MAX_EVENTS, OneShotEpoll } from "./epoll.ts";
import { fork } from "./fork.ts";
import { close, read, write } from "./io.ts";
import { shareMemory } from "./memory.ts";
import { kill, wait, waitForExit } from "./processes.ts";
import { Signal } from "./signals.ts";
import { socketPair } from "./sockets.ts";

const byte = new Uint8Array(1);

/** Whether waiting blocks, which it would not if a descriptor were ready. */
function isIdle(set: number): boolean {
  const pid = fork(() => new OneShotEpoll(set).wait());
  const idle = !waitForExit(pid, 50);
  if (idle) kill(pid, Signal.KILL);
  wait(pid);
  return idle;
}

Deno.test("OneShotEpoll returns a readable descriptor and its tag", () => {
  const pipes = [pipe(), pipe()];
  const set = createEpoll();
  using _ = closing(set, ...pipes.flat());
  const ready = new OneShotEpoll(set);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 0xfffffff0 + i);
  write(pipes[1]![1], byte, 1);
  ready.wait();
  assertEquals([ready.descriptor, ready.tag], [pipes[1]![0], 0xfffffff1]);
});

Deno.test("OneShotEpoll returns a descriptor to one thread until it is rearmed", () => {
  const [output, input] = pipe();
  const set = createEpoll();
  using _ = closing(set, output, input);
  const ready = new OneShotEpoll(set);
  ready.add(output, 1);
  write(input, byte, 1);
  ready.wait();
  assertEquals(isIdle(set), true);
  ready.rearm(output, 2);
  ready.wait();
  assertEquals([ready.descriptor, ready.tag], [output, 2]);
  read(output, byte);
  ready.rearm(output, 2);
  assertEquals(isIdle(set), true);
});

Deno.test("OneShotEpoll returns a descriptor whose peer has closed", () => {
  const [output, input] = pipe();
  const set = createEpoll();
  using _ = closing(set, output);
  const ready = new OneShotEpoll(set);
  ready.add(output, 1);
  close(input);
  ready.wait();
  assertEquals(ready.descriptor, output);
});

Deno.test("OneShotEpoll wakes one of several waiting threads", () => {
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
        ready.rearm(ready.descriptor, 1);
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

Deno.test("epollEntries() lists what was added and not removed", () => {
  const pipes = [pipe(), pipe(), pipe()];
  const set = createEpoll();
  using _ = closing(set, ...pipes.flat());
  const ready = new OneShotEpoll(set);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 7 + i);
  ready.remove(pipes[0]![0]);
  assertEquals(epollEntries(set).toSorted((a, b) => a.tag - b.tag), [
    { descriptor: pipes[1]![0], tag: 8 },
    { descriptor: pipes[2]![0], tag: 9 },
  ]);
});

/** An epoll instance that is closed at the end of the block. */
function makeSet(): LevelEpoll & Disposable {
  const set = createEpoll();
  return Object.assign(new LevelEpoll(set), { [Symbol.dispose]: () => close(set) });
}

Deno.test("LevelEpoll.wait() returns a descriptor as long as it is ready", () => {
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
    assertEquals([set.tag(0), set.descriptor(0), set.isHungUp(0)], [7, output, false]);
  }
  read(output, byte);
  assertEquals(set.wait(0), 0);
});

Deno.test("LevelEpoll.wait() returns MAX_EVENTS at most, with any tag", () => {
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

Deno.test("LevelEpoll.addForHangUp() reports a hang-up once, and no input", () => {
  using set = makeSet();
  const [own, other] = socketPair();
  using _ = closing(own);
  set.addForHangUp(own, 1);
  write(other, byte, 1);
  assertEquals(set.wait(0), 0);
  close(other);
  assertEquals(set.wait(-1), 1);
  assertEquals(set.isHungUp(0), true);
  assertEquals(set.wait(0), 0);
  set.addForHangUp(own, 1); // it was added before
  assertEquals(set.wait(0), 0);
});

Deno.test("LevelEpoll.remove() removes a descriptor", () => {
  using set = makeSet();
  const [output, input] = pipe();
  using _ = closing(output, input);
  write(input, byte, 1);
  set.add(output, 1);
  set.remove(output);
  assertEquals(set.wait(0), 0);
});
