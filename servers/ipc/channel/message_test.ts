/** Messages, their replies and their errors. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { Errno } from "../../posix/errors.ts";
import { msgError, msgRead, msgReceive, msgReply, msgSend, msgWrite } from "./mod.ts";
import {
  assertErrno,
  blocked,
  bytesOf,
  channelOf,
  connectionTo,
  ownChannel,
  sender,
  textOf,
  Thread,
} from "./testing.ts";

const buffer = new Uint8Array(1024);

Deno.test("msgSend() blocks until its message is received and replied to", () => {
  using own = ownChannel();
  using client = sender(own, "moo");
  blocked(client); // SEND-blocked
  const { rcvid } = msgReceive(own.chid, buffer);
  blocked(client); // REPLY-blocked
  msgReply(rcvid, 42);
  assertEquals(client.ended().code, 42);
});

Deno.test("msgSend() carries messages and replies of any size", () => {
  using server = channelOf(0, (chid) => {
    const large = new Uint8Array(4_000_000);
    for (;;) {
      const { rcvid, info } = msgReceive(chid, large);
      msgReply(rcvid, info.srcmsglen, large.subarray(0, info.msglen).reverse());
    }
  });
  using connection = connectionTo(server);
  for (const size of [0, 1, 4095, 4096, 4097, 65519, 65520, 65521, 1_000_003]) {
    const message = Uint8Array.from({ length: size }, (_, i) => i * 7 + size);
    const reply = new Uint8Array(size);
    assertEquals(msgSend(connection.coid, message, reply), size);
    assertEquals(reply, message.toReversed());
  }
  const short = new Uint8Array(2);
  for (const size of [3, 100_000]) {
    assertEquals(msgSend(connection.coid, new Uint8Array(size).fill(9), short), size);
    assertEquals([...short], [9, 9]);
  }
});

Deno.test("msgRead() reads what did not fit into the buffer", () => {
  using server = channelOf(0, (chid) => {
    for (;;) {
      const { rcvid, info } = msgReceive(chid, buffer.subarray(0, 3));
      const rest = new Uint8Array(10);
      const ends = [msgRead(rcvid, rest, info.srcmsglen - 2), rest[0]!, rest[1]!];
      const beyond = msgRead(rcvid, rest, info.srcmsglen);
      msgReply(rcvid, 0, new Uint8Array([info.msglen, ...ends, beyond]));
    }
  });
  using connection = connectionTo(server);
  for (const size of [5, 50_000]) {
    const message = new Uint8Array(size).fill(1);
    message.set([8, 9], size - 2);
    const reply = new Uint8Array(5);
    msgSend(connection.coid, message, reply);
    assertEquals([...reply], [3, 2, 8, 9, 0]);
  }
});

Deno.test("msgWrite() writes parts of the reply, up to the sender's buffer size", () => {
  using server = channelOf(0, (chid) => {
    const { rcvid } = msgReceive(chid, buffer);
    const written = [
      msgWrite(rcvid, bytesOf("lo, wor"), 3),
      msgWrite(rcvid, bytesOf("ld"), 10),
      msgWrite(rcvid, bytesOf("beyond"), 11),
      msgWrite(rcvid, bytesOf("beyond"), 100),
    ];
    msgReply(rcvid, Number(written.join("")), bytesOf("hel"));
  });
  using connection = connectionTo(server);
  const reply = new Uint8Array(12);
  assertEquals(msgSend(connection.coid, bytesOf("?"), reply), 7210);
  assertEquals(textOf(reply), "hello, worlb");
});

Deno.test("msgError() makes the sender's msgSend() fail with that error", () => {
  using server = channelOf(0, (chid) => {
    for (;;) msgError(msgReceive(chid, buffer).rcvid, Errno.EACCES);
  });
  using connection = connectionTo(server);
  assertErrno(Errno.EACCES, () => msgSend(connection.coid, bytesOf("moo")));
  assertErrno(Errno.EACCES, () => msgSend(connection.coid, bytesOf("again")));
});

Deno.test("msgReply() replies once, to a received message", () => {
  using own = ownChannel();
  using client = sender(own, "moo");
  const { rcvid } = msgReceive(own.chid, buffer);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid + 1, 0));
  msgReply(rcvid, 7);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid, 8));
  assertErrno(Errno.ESRCH, () => msgRead(rcvid, buffer));
  for (const wrong of [0, -1, 2 ** 40]) assertErrno(Errno.ESRCH, () => msgReply(wrong, 0));
  assertEquals(client.ended().code, 7);
  // The next message, in the same row, has another number.
  using other = sender(own, "moo");
  const next = msgReceive(own.chid, buffer).rcvid;
  assertNotEquals(next, rcvid);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid, 8));
  msgReply(next, 9);
  assertEquals(other.ended().code, 9);
});

Deno.test("msgReply() works in any thread of the process, in any order", async () => {
  using own = ownChannel();
  using thread = await Thread.start();
  using first = sender(own, "first");
  using second = sender(own, "second");
  const rcvids = [msgReceive(own.chid, buffer).rcvid, msgReceive(own.chid, buffer).rcvid];
  msgReply(rcvids[1]!, 2);
  assertEquals(second.ended().code, 2);
  await thread.run("channel.msgReply(data, 1)", rcvids[0]!);
  assertEquals(first.ended().code, 1);
});
