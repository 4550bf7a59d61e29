import { assertEquals } from "@std/assert";
import { closing, inChild, waitFor } from "../testing.ts";
import { closeAllBut, Poller, receiveDescriptor, sendDescriptor } from "./descriptors.ts";
import { tryReadText } from "./files.ts";
import { fork } from "./fork.ts";
import { shareMemory } from "./memory.ts";
import { close, pipe, read, socketPair, write } from "./sockets.ts";

const byte = new Uint8Array(1);

Deno.test("sendDescriptor() gives another process what it did not have", () => {
  const [ours, childs] = socketPair();
  const child = fork(() => {
    close(ours);
    for (let i = 1; i <= 3; i++) write(receiveDescriptor(childs), new Uint8Array([i]), 1);
  });
  using _ = closing(ours);
  close(childs);
  for (let i = 1; i <= 3; i++) {
    const [output, input] = pipe();
    using _ = closing(output);
    assertEquals(sendDescriptor(ours, input), true);
    close(input);
    assertEquals([read(output, byte), byte[0]], [1, i]);
    // The child's copy is the last one.
    if (i === 3) assertEquals(read(output, byte), 0);
  }
  assertEquals(waitFor(child).code, 0);
});

Deno.test("sendDescriptor() says where the other end is gone", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  close(right);
  assertEquals(sendDescriptor(left, 0), false);
});

Deno.test("receiveDescriptor() says where the other end is closed", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  close(right);
  assertEquals(receiveDescriptor(left), -1);
});

Deno.test("receiveDescriptor() says so too where the other end left something unread", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  write(left, byte, 1);
  close(right);
  assertEquals(receiveDescriptor(left), -1);
});

Deno.test("Poller waits until one is readable, and tells which", () => {
  const pipes = [pipe(), pipe(), pipe()];
  using _ = closing(...pipes.flat());
  const poller = new Poller(pipes.map(([output]) => output));
  const ready = () => [0, 1, 2].map((index) => poller.isReady(index));
  write(pipes[1]![1], byte, 1);
  poller.wait();
  assertEquals(ready(), [false, true, false]);
  // Another one takes its place, and one is left out.
  poller.set(1, -1);
  write(pipes[0]![1], byte, 1);
  poller.wait();
  assertEquals(ready(), [true, false, false]);
  poller.set(2, pipes[1]![0]);
  assertEquals(ready(), [true, false, false]);
  poller.wait();
  assertEquals(ready(), [true, false, true]);
});

Deno.test("Poller takes a closed other end for readable", () => {
  const [output, input] = pipe();
  using _ = closing(output);
  close(input);
  const poller = new Poller([output]);
  poller.wait();
  assertEquals(poller.isReady(0), true);
});

Deno.test("closeAllBut() leaves those it is given, and the standard three", () => {
  const pipes = [pipe(), pipe()];
  using _ = closing(...pipes.flat());
  const kept = [pipes[1]![1], pipes[0]![0]];
  const open = new Uint8Array(shareMemory(256).buffer);
  inChild(() => {
    closeAllBut([...kept, -1]);
    for (const fd of open.keys()) {
      open[fd] = tryReadText(`/proc/self/fdinfo/${fd}`) === undefined ? 0 : 1;
    }
  });
  const left = [...open.keys()].filter((fd) => open[fd] === 1);
  assertEquals(left, [0, 1, 2, ...kept.toReversed()]);
});
