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
function isIdle(epoll: number): boolean {
  const pid = fork(() => new OneShotEpoll(epoll).wait());
  const idle = !waitForExit(pid, 50);
  if (idle) kill(pid, Signal.KILL);
  wait(pid);
  return idle;
}

Deno.test("OneShotEpoll returns a readable descriptor and its tag", () => {
  const pipes = [pipe(), pipe()];
  const epoll = createEpoll();
  using _ = closing(epoll, ...pipes.flat());
  const ready = new OneShotEpoll(epoll);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 0xfffffff0 + i);
  write(pipes[1]![1], byte, 1);
  ready.wait();
  assertEquals([ready.descriptor, ready.tag], [pipes[1]![0], 0xfffffff1]);
});

Deno.test("OneShotEpoll returns a descriptor to one thread until it is rearmed", () => {
  const [output, input] = pipe();
  const epoll = createEpoll();
  using _ = closing(epoll, output, input);
  const ready = new OneShotEpoll(epoll);
  ready.add(output, 1);
  write(input, byte, 1);
  ready.wait();
  assertEquals(isIdle(epoll), true);
  ready.rearm(output, 2);
  ready.wait();
  assertEquals([ready.descriptor, ready.tag], [output, 2]);
  read(output, byte);
  ready.rearm(output, 2);
  assertEquals(isIdle(epoll), true);
});

Deno.test("OneShotEpoll returns a descriptor whose peer has closed", () => {
  const [output, input] = pipe();
  const epoll = createEpoll();
  using _ = closing(epoll, output);
  const ready = new OneShotEpoll(epoll);
  ready.add(output, 1);
  close(input);
  ready.wait();
  assertEquals(ready.descriptor, output);
});

Deno.test("OneShotEpoll wakes one of several waiting threads", () => {
  const [output, input] = pipe();
  const epoll = createEpoll();
  using _ = closing(epoll, output, input);
  new OneShotEpoll(epoll).add(output, 1);
  const woken = new Int32Array(shareMemory(4).buffer);
  const waiting = Array.from({ length: 3 }, () =>
    fork(() => {
      const ready = new OneShotEpoll(epoll);
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
  const epoll = createEpoll();
  using _ = closing(epoll, ...pipes.flat());
  const ready = new OneShotEpoll(epoll);
  for (const [i, [output]] of pipes.entries()) ready.add(output, 7 + i);
  new LevelEpoll(epoll).remove(pipes[0]![0]);
  assertEquals(epollEntries(epoll).toSorted((a, b) => a.tag - b.tag), [
    { descriptor: pipes[1]![0], tag: 8 },
    { descriptor: pipes[2]![0], tag: 9 },
  ]);
});

/** An epoll instance that is closed at the end of the block. */
function makeSet(): LevelEpoll & Disposable {
  const epoll = createEpoll();
  return Object.assign(new LevelEpoll(epoll), { [Symbol.dispose]: () => close(epoll) });
}

Deno.test("LevelEpoll.wait() returns a descriptor as long as it is ready", () => {
  using epoll = makeSet();
  const [output, input] = pipe();
  const [quiet, quietInput] = pipe();
  using _ = closing(output, input, quiet, quietInput);
  epoll.add(output, 7);
  epoll.add(quiet, 8);
  assertEquals(epoll.wait(0), 0);
  write(input, byte, 1);
  for (const milliseconds of [-1, 1, 0]) {
    assertEquals(epoll.wait(milliseconds), 1);
    assertEquals([epoll.tag(0), epoll.descriptor(0), epoll.isHungUp(0)], [7, output, false]);
  }
  read(output, byte);
  assertEquals(epoll.wait(0), 0);
});

Deno.test("LevelEpoll.wait() returns MAX_EVENTS at most, with any tag", () => {
  using epoll = makeSet();
  using all = new DisposableStack();
  for (let i = 0; i <= MAX_EVENTS; i++) {
    const [output, input] = pipe();
    all.use(closing(output, input));
    write(input, byte, 1);
    epoll.add(output, 2 ** 32 - 1 - i);
  }
  assertEquals(epoll.wait(-1), MAX_EVENTS);
  assertEquals(epoll.tag(0), 2 ** 32 - 1);
  assertEquals(epoll.tag(MAX_EVENTS - 1), 2 ** 32 - MAX_EVENTS);
});

Deno.test("LevelEpoll.addForHangUp() reports a hang-up once, and no input", () => {
  using epoll = makeSet();
  const [own, other] = socketPair();
  using _ = closing(own);
  epoll.addForHangUp(own, 1);
  write(other, byte, 1);
  assertEquals(epoll.wait(0), 0);
  close(other);
  assertEquals(epoll.wait(-1), 1);
  assertEquals(epoll.isHungUp(0), true);
  assertEquals(epoll.wait(0), 0);
  epoll.addForHangUp(own, 1); // it was added before
  assertEquals(epoll.wait(0), 0);
});

Deno.test("LevelEpoll.remove() removes a descriptor", () => {
  using epoll = makeSet();
  const [output, input] = pipe();
  using _ = closing(output, input);
  write(input, byte, 1);
  epoll.add(output, 1);
  epoll.remove(output);
  assertEquals(epoll.wait(0), 0);
});
