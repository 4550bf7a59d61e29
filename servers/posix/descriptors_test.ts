import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { closing, inChild, waitFor } from "../testing/fork.ts";
import {
  clearCloseOnExec,
  closeAllBut,
  pipe,
  Poller,
  receiveDescriptor,
  renumber,
  sendDescriptor,
  tryReceiveDescriptor,
  trySendDescriptor,
  WRITABLE,
} from "./descriptors.ts";
import { Errno, SystemError } from "./errors.ts";
import { tryReadText } from "./files.ts";
import { fork } from "./fork.ts";
import { close, read, write } from "./io.ts";
import { shareMemory } from "./memory.ts";
import { Message } from "./messages.ts";
import { socketPair } from "./sockets.ts";
import { refuse } from "./testing_seccomp.ts";

const byte = new Uint8Array(1);

Deno.test("sendDescriptor() passes a descriptor to another process", () => {
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

Deno.test("sendDescriptor() returns false after the peer has closed", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  close(right);
  assertEquals(sendDescriptor(left, 0), false);
});

Deno.test("receiveDescriptor() returns −1 after the peer has closed", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  close(right);
  assertEquals(receiveDescriptor(left), -1);
});

Deno.test("receiveDescriptor() returns −1 after the peer has closed with unread data", () => {
  const [left, right] = socketPair();
  using _ = closing(left);
  write(left, byte, 1);
  close(right);
  assertEquals(receiveDescriptor(left), -1);
});

Deno.test("receiveDescriptor() drops bytes without a descriptor, and descriptors beyond the first", () => {
  const [left, right] = socketPair();
  const [output, input] = pipe();
  using _ = closing(left, right, output);
  const message = new Message(1);
  message.length = 1;
  message.send(left);
  assertEquals(tryReceiveDescriptor(right), undefined);
  message.send(left);
  message.descriptors = [input, input, input];
  message.send(left);
  close(input);
  close(receiveDescriptor(right));
  assertEquals(read(output, new Uint8Array(1)), 0);
});

Deno.test("Poller waits until a descriptor is readable, and finds it", () => {
  const pipes = [pipe(), pipe(), pipe()];
  using _ = closing(...pipes.flat());
  const poller = new Poller(pipes.map(([output]) => output));
  const ready = () => [0, 1, 2].map((index) => poller.isReady(index));
  write(pipes[1]![1], byte, 1);
  poller.wait();
  assertEquals(ready(), [false, true, false]);
  // Another one takes its index, and one index is disabled.
  poller.set(1, -1);
  write(pipes[0]![1], byte, 1);
  poller.wait();
  assertEquals(ready(), [true, false, false]);
  poller.set(2, pipes[1]![0]);
  assertEquals(ready(), [true, false, false]);
  poller.wait();
  assertEquals(ready(), [true, false, true]);
});

Deno.test("Poller takes a hang-up for readable", () => {
  const [output, input] = pipe();
  using _ = closing(output);
  close(input);
  const poller = new Poller([output]);
  poller.wait();
  assertEquals(poller.isReady(0), true);
});

/** A kernel that has close_range, one that lacks it, and a container that forbids it. */
const KERNELS = [
  ["", undefined],
  [" where close_range fails with ENOSYS", Errno.ENOSYS],
  [" where close_range fails with EPERM", Errno.EPERM],
] as const;

for (const [where, refused] of KERNELS) {
  Deno.test(`closeAllBut() keeps the given descriptors and the standard three${where}`, () => {
    const pipes = [pipe(), pipe()];
    using _ = closing(...pipes.flat());
    const kept = [pipes[1]![1], pipes[0]![0]];
    // Room for those of a process that runs all tests.
    const open = new Uint8Array(shareMemory(4096).buffer);
    inChild(() => {
      if (refused) refuse("close_range", refused);
      closeAllBut([...kept, -1]);
      for (const fd of open.keys()) {
        open[fd] = tryReadText(`/proc/self/fdinfo/${fd}`) === undefined ? 0 : 1;
      }
    });
    const left = [...open.keys()].filter((fd) => open[fd] === 1);
    assertEquals(left, [0, 1, 2, ...kept.toSorted((a, b) => a - b)]);
  });
}

Deno.test("trySendDescriptor() does not wait for a full buffer, and loses no descriptor it has passed", () => {
  const [ours, theirs] = socketPair();
  using _ = closing(ours, theirs);
  const poller = new Poller([]);
  poller.add(ours, WRITABLE);
  let passed = 0;
  while (passed < 10_000 && trySendDescriptor(ours, theirs)) passed++;
  assertGreater(passed, 100);
  assert(passed < 10_000);
  assertEquals(trySendDescriptor(ours, theirs), false);
  assertEquals(poller.wait(0), false);
  for (let i = 0; i < passed; i++) close(receiveDescriptor(theirs));
  assertEquals(poller.wait(0), true);
  assertEquals(trySendDescriptor(ours, theirs), true);
});

Deno.test("sendDescriptor() throws the error of sendmsg", () => {
  const [left, right] = socketPair();
  using _ = closing(left, right);
  const [output, input] = pipe();
  using _pipe = closing(output, input);
  for (const send of [sendDescriptor, trySendDescriptor]) {
    assertEquals(assertThrows(() => send(input, output), SystemError).code, "ENOTSOCK");
    const { call, code, message } = assertThrows(() => send(left, -1), SystemError);
    assertEquals([call, code], ["sendmsg", "EBADF"]);
    assertEquals(
      message.split(" (")[0],
      `Cannot pass descriptor -1 over socket ${left}: sendmsg failed with EBADF`,
    );
  }
});

Deno.test("Poller removes indices and adds more than it had", () => {
  const pipes = Array.from({ length: 20 }, pipe);
  using _ = closing(...pipes.flat());
  const poller = new Poller([]);
  for (const [output] of pipes) poller.add(output);
  const ready = () => [...pipes.keys()].filter((index) => poller.isReady(index));
  for (const i of [3, 18, 19]) write(pipes[i]![1], byte, 1);
  poller.wait();
  assertEquals(ready(), [3, 18, 19]);
  // The last one takes the index of the removed one.
  poller.remove(3);
  poller.wait();
  assertEquals(ready().filter((index) => index < 19), [3, 18]);
  poller.remove(18);
  poller.remove(3);
  assertEquals(poller.wait(0), false);
  poller.add(pipes[19]![0]);
  poller.wait();
  assertEquals(ready()[0], 17);
});

Deno.test("Poller waits for WRITABLE, and not beyond its timeout", () => {
  const [left, right] = socketPair();
  using _ = closing(left, right);
  const poller = new Poller([left]);
  assertEquals(poller.wait(1), false);
  poller.set(0, left, WRITABLE);
  assertEquals(poller.wait(1), true);
  write(right, byte, 1);
  poller.set(0, left);
  assertEquals(poller.wait(), true);
});

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Reads once and as text. */
function textFrom(fd: number): string {
  const buffer = new Uint8Array(100);
  return new TextDecoder().decode(buffer.subarray(0, read(fd, buffer)));
}

function send(fd: number, text: string): void {
  write(fd, bytesOf(text), bytesOf(text).length);
}

/** The error number of a failing call. */
function errnoOf(call: () => unknown): number {
  return assertThrows(call, SystemError).errno;
}

Deno.test("pipe() connects its second descriptor to its first", () => {
  const [output, input] = pipe();
  using _ = closing(output);
  send(input, "moo");
  assertEquals(textFrom(output), "moo");
  close(input);
  assertEquals(textFrom(output), "");
});

Deno.test("renumber() takes the lowest free number from a minimum on", () => {
  const [output, input] = pipe();
  const moved = renumber(input, 500);
  using _ = closing(output, moved);
  assertEquals(moved, 500);
  assertEquals(errnoOf(() => write(input, bytesOf("x"), 1)), Errno.EBADF);
  send(moved, "moo");
  assertEquals(textFrom(output), "moo");
  const [other, next] = pipe();
  using rest = closing(other);
  void rest;
  const after = renumber(next, 500);
  assertEquals(after, 501);
  close(after);
  const [unused, wrong] = pipe();
  close(unused);
  assertEquals(errnoOf(() => renumber(wrong, 2 ** 30)), Errno.EINVAL);
  assertEquals(errnoOf(() => write(wrong, bytesOf("x"), 1)), Errno.EBADF);
});

Deno.test("clearCloseOnExec() lets a program inherit a descriptor", async () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  const isThere = async () => {
    const args = ["-c", `test -e /proc/self/fd/${input}`];
    return (await new Deno.Command("/bin/sh", { args }).output()).success;
  };
  assertEquals(await isThere(), false);
  clearCloseOnExec(input);
  assertEquals(await isThere(), true);
});
