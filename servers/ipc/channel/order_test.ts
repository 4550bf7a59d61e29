/** The order of receiving: by priority, then in the order of arrival. */
import { assertEquals, assertGreater } from "@std/assert";
import { Errno } from "../../posix/errors.ts";
import { getpid } from "../../posix/processes.ts";
import { setThreadPriority } from "../../posix/threads.ts";
import { ChannelFlag, msgReceive, msgReply, msgSendPulse, PulseCode } from "./mod.ts";
import { assertErrno, connectionTo, ownChannel, sender, textOf } from "./testing.ts";

const buffer = new Uint8Array(1024);

Deno.test("msgReceive() receives pulses by priority, then in the order of arrival", () => {
  using own = ownChannel();
  using connection = connectionTo(own);
  const sent = [[1, 20], [2, 30], [3, 20], [4, 10], [5, 30], [6, 20]] as const;
  for (const [code, priority] of sent) msgSendPulse(connection.coid, priority, code, 0);
  const received = sent.map(() => msgReceive(own.chid, buffer));
  assertEquals(received.map(({ pulse }) => pulse!.code), [2, 5, 1, 3, 6, 4]);
  assertEquals(received.map(({ info }) => info.priority), [30, 30, 20, 20, 20, 10]);
});

Deno.test("msgReceive() receives messages of several senders by priority, then in the order of arrival", () => {
  using own = ownChannel(ChannelFlag.FIXED_PRIORITY);
  using all = new DisposableStack();
  const priorities = [10, 20, 15, 20, 10];
  for (const [i, priority] of priorities.entries()) {
    all.use(sender(own, String(i), () => setThreadPriority(priority)));
  }
  const order = priorities.map(() => {
    const { rcvid, info } = msgReceive(own.chid, buffer);
    msgReply(rcvid!, 0);
    return textOf(buffer.subarray(0, info.msglen));
  });
  assertEquals(order, ["1", "3", "2", "0", "4"]);
});

Deno.test("msgReceive() orders by priority what arrived during the previous message", () => {
  using own = ownChannel();
  using connection = connectionTo(own);
  for (const code of [1, 2]) msgSendPulse(connection.coid, 10, code, 0);
  assertEquals(msgReceive(own.chid, buffer).pulse!.code, 1);
  msgSendPulse(connection.coid, 30, 3, 0);
  assertEquals([0, 0].map(() => msgReceive(own.chid, buffer).pulse!.code), [3, 2]);
});

Deno.test("msgSendPulse() sends code, value and sender, and refuses codes of the system", () => {
  using own = ownChannel();
  using connection = connectionTo(own);
  for (const [code, value] of [[0, -1], [127, 2 ** 31 - 1]] as const) {
    msgSendPulse(connection.coid, -1, code, value);
    const { rcvid, pulse, info } = msgReceive(own.chid, buffer);
    assertEquals([rcvid, pulse!.code, pulse!.value], [0, code, value]);
    assertEquals([info.pid, info.coid], [getpid(), connection.coid]);
  }
  assertErrno(Errno.EINVAL, () => msgSendPulse(connection.coid, -1, 128, 0));
  assertErrno(Errno.EINVAL, () => msgSendPulse(connection.coid, -1, PulseCode.DISCONNECT, 0));
});

Deno.test("msgSendPulse() never blocks: it fails when the buffer is full", () => {
  using own = ownChannel();
  using connection = connectionTo(own);
  let count = 0;
  assertErrno(Errno.EAGAIN, () => {
    for (; count < 1_000_000; count++) msgSendPulse(connection.coid, -1, 1, count);
  });
  assertGreater(count, 100);
  // None of the sent pulses is lost.
  const received = Array.from({ length: count }, () => msgReceive(own.chid, buffer).pulse!.value);
  assertEquals(received, Array.from({ length: count }, (_, i) => i));
});
