/** Channels beyond what the document says of them. */
import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { Errno } from "../posix/errors.ts";
import { readText } from "../posix/files.ts";
import { getpid } from "../posix/processes.ts";
import { pipe, SocketType, tryConnect, unconnected, unixAddress } from "../posix/sockets.ts";
import { setThreadPriority } from "../posix/threads.ts";
import { closing, evaluate } from "../testing.ts";
import { channelAddress } from "./addresses.ts";
import {
  channelCreate,
  channelDestroy,
  ChannelFlag,
  connectAttach,
  connectDetach,
  msgError,
  msgRead,
  msgReceive,
  msgReply,
  msgSend,
  msgSendPulse,
  msgWrite,
  PulseCode,
} from "./mod.ts";
import { ReplyPacket, Request, RequestPacket } from "./packet.ts";
import {
  assertErrno,
  blocked,
  bytesOf,
  channelOf,
  echo,
  Forked,
  isCutOff,
  sharedNumbers,
  textOf,
  Thread,
  until,
} from "./testing.ts";

const buffer = new Uint8Array(1024);

/** A connection to a server's channel that is detached at the end of the block. */
function connectionTo({ pid, chid }: { pid: number; chid: number }): Disposable & { coid: number } {
  const coid = connectAttach(0, pid, chid);
  return { coid, [Symbol.dispose]: () => connectDetach(coid) };
}

/** A channel of this process that is destroyed at the end of the block. */
function ownChannel(flags = 0): Disposable & { chid: number; pid: number } {
  const chid = channelCreate(flags);
  return { chid, pid: getpid(), [Symbol.dispose]: () => channelDestroy(chid) };
}

/** A process that sends one message, asleep in it when this returns. Its exit code is the status. */
function sender(
  { pid, chid }: { pid: number; chid: number },
  text: string,
  prepare: () => void = () => {},
): Forked {
  const client = new Forked((ready) => {
    prepare();
    const coid = connectAttach(0, pid, chid);
    const message = bytesOf(text);
    ready();
    return msgSend(coid, message);
  });
  blocked(client);
  return client;
}

Deno.test("msgSend() blocks until its message is received and replied to", () => {
  using own = ownChannel();
  using client = sender(own, "moo");
  blocked(client); // SEND-blocked
  const { rcvid } = msgReceive(own.chid, buffer);
  blocked(client); // REPLY-blocked
  msgReply(rcvid, 42);
  assertEquals(client.ended().code, 42);
});

Deno.test("msgReceive() takes pulses by priority, then in the order of arrival", () => {
  using own = ownChannel();
  using connection = connectionTo(own);
  const sent = [[1, 20], [2, 30], [3, 20], [4, 10], [5, 30], [6, 20]] as const;
  for (const [code, priority] of sent) msgSendPulse(connection.coid, priority, code, 0);
  const received = sent.map(() => msgReceive(own.chid, buffer));
  assertEquals(received.map(({ pulse }) => pulse!.code), [2, 5, 1, 3, 6, 4]);
  assertEquals(received.map(({ info }) => info.priority), [30, 30, 20, 20, 20, 10]);
});

Deno.test("msgReceive() takes messages of several senders by priority, then in the order of arrival", () => {
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

Deno.test("msgReceive() takes what arrived while it was served something else by its priority", () => {
  using own = ownChannel();
  using connection = connectionTo(own);
  for (const code of [1, 2]) msgSendPulse(connection.coid, 10, code, 0);
  assertEquals(msgReceive(own.chid, buffer).pulse!.code, 1);
  msgSendPulse(connection.coid, 30, 3, 0);
  assertEquals([0, 0].map(() => msgReceive(own.chid, buffer).pulse!.code), [3, 2]);
});

Deno.test("msgSendPulse() brings code, value and sender, and refuses codes of the system's", () => {
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

Deno.test("msgSendPulse() never blocks: it fails where no more pulses can wait", () => {
  using own = ownChannel();
  using connection = connectionTo(own);
  let count = 0;
  assertErrno(Errno.EAGAIN, () => {
    for (; count < 1_000_000; count++) msgSendPulse(connection.coid, -1, 1, count);
  });
  assertGreater(count, 100);
  // None of those that were sent is lost.
  const received = Array.from({ length: count }, () => msgReceive(own.chid, buffer).pulse!.value);
  assertEquals(received, Array.from({ length: count }, (_, i) => i));
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

Deno.test("msgRead() gets at what did not fit into the buffer", () => {
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

Deno.test("msgWrite() writes parts of the reply, as far as there is room", () => {
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

Deno.test("msgReply() replies once, to a message that was received", () => {
  using own = ownChannel();
  using client = sender(own, "moo");
  const { rcvid } = msgReceive(own.chid, buffer);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid + 1, 0));
  msgReply(rcvid, 7);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid, 8));
  assertErrno(Errno.ESRCH, () => msgRead(rcvid, buffer));
  for (const wrong of [0, -1, 2 ** 40]) assertErrno(Errno.ESRCH, () => msgReply(wrong, 0));
  assertEquals(client.ended().code, 7);
  // The next message, which lies where that one lay, has another number.
  using other = sender(own, "moo");
  const next = msgReceive(own.chid, buffer).rcvid;
  assertNotEquals(next, rcvid);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid, 8));
  msgReply(next, 9);
  assertEquals(other.ended().code, 9);
});

Deno.test("msgReply() is for any thread of the process, in any order", async () => {
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

Deno.test("100 concurrent senders are answered right", async () => {
  // In a process of its own, which is smaller than that of tests and quicker to fork.
  const { stdout, stderr } = await evaluate(`
    import { connectAttach, msgReceive, msgReply, msgSend } from "./channel/mod.ts";
    import { channelOf } from "./channel/testing.ts";
    import { fork } from "./posix/fork.ts";
    import { wait } from "./posix/processes.ts";
    import { endAfter } from "./posix/signals.ts";
    import { close, pipe, read, write } from "./posix/sockets.ts";

    const [clients, times, seconds, buffer] = [100, 50, 60, new Uint8Array(8)];
    const server = channelOf(0, (chid) => {
      endAfter(seconds);
      for (;;) {
        const { rcvid } = msgReceive(chid, buffer);
        msgReply(rcvid, 3 * buffer[0] + buffer[1], buffer.subarray(0, 1));
      }
    });
    const [readyEnd, ready] = pipe();
    const [gate, gateKeeper] = pipe();
    for (let number = 0; number < clients; number++) {
      fork(() => {
        endAfter(seconds);
        close(gateKeeper);
        const coid = connectAttach(0, server.pid, server.chid);
        const reply = new Uint8Array(1);
        write(ready, reply, 1);
        read(gate, reply); // ends when all are there
        for (let i = 0; i < times; i++) {
          const status = msgSend(coid, new Uint8Array([number, i]), reply);
          if (status !== 3 * number + i || reply[0] !== number) return 1;
        }
      });
    }
    for (let i = 0; i < clients; i++) read(readyEnd, new Uint8Array(1));
    close(gateKeeper);
    const codes = Array.from({ length: clients }, () => wait().code);
    console.log(codes.filter((code) => code === 0).length);
    server.kill();
  `);
  assertEquals(stderr, "");
  assertEquals(stdout, "100\n");
});

Deno.test("any number of threads receive on a channel, and each message goes to one of them", async () => {
  const [threads, clients, times] = [3, 6, 200];
  using own = ownChannel();
  using all = new DisposableStack();
  const receive = `
    const buffer = new Uint8Array(8);
    let count = 0;
    for (;;) {
      const { rcvid, pulse, info } = channel.msgReceive(data, buffer);
      if (pulse) return count;
      count++;
      channel.msgReply(rcvid, buffer[0], buffer.subarray(0, info.msglen));
    }
  `;
  const receiving: Promise<unknown>[] = [];
  for (let i = 0; i < threads; i++) {
    receiving.push(all.use(await Thread.start()).run(receive, own.chid));
  }
  const senders = Array.from({ length: clients }, (_, number) =>
    all.use(
      new Forked((ready) => {
        const coid = connectAttach(0, own.pid, own.chid);
        ready();
        for (let i = 0; i < times; i++) {
          if (msgSend(coid, new Uint8Array([number])) !== number) return 1;
        }
      }),
    ));
  assertEquals(senders.map((sender) => sender.ended().code), Array(clients).fill(0));
  using connection = connectionTo(own);
  for (let i = 0; i < threads; i++) msgSendPulse(connection.coid, -1, 0, 0);
  const counts = await Promise.all(receiving) as number[];
  assertEquals(counts.reduce((sum, count) => sum + count), clients * times);
});

Deno.test("channelDestroy() lets go of whoever is blocked on the channel", async () => {
  const chid = channelCreate();
  const own = { pid: getpid(), chid };
  using thread = await Thread.start();
  using waiting = new Forked((ready) => {
    const coid = connectAttach(0, own.pid, chid);
    ready();
    try {
      msgSend(coid, bytesOf("moo"));
    } catch (error) {
      return (error as { errno: number }).errno;
    }
  });
  const { rcvid } = msgReceive(chid, buffer);
  const receive =
    "try { channel.msgReceive(data, new Uint8Array(1)) } catch (e) { return e.errno }";
  const receiving = thread.run(receive, chid);
  channelDestroy(chid);
  assertEquals(await receiving, Errno.ESRCH);
  assertEquals(waiting.ended().code, Errno.ESRCH);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid, 0));
});

Deno.test("a private channel lets no other process in that finds its address", () => {
  const lines = sharedNumbers(1);
  using server = channelOf(ChannelFlag.PRIVATE, (chid) => {
    lines[0] = msgReceive(chid, buffer).rcvid;
  });
  until("its address is there", () => readText("/proc/net/unix").includes("/private/"));
  const names = readText("/proc/net/unix").match(/herd\/.*\/private\/.*/g)!;
  assert(names.some((name) => isCutOff(unixAddress(`\0${name}`), new Uint8Array(64))));
  server.kill();
  assertEquals(lines[0], 0);
});

Deno.test("a client that sends anything else than messages is cut off, and the server goes on", () => {
  using server = channelOf(0, echo);
  using connection = connectionTo(server);
  assert(isCutOff(channelAddress(server.pid, server.chid), new Uint8Array([1])));
  assertEquals(msgSend(connection.coid, bytesOf("moo")), 3);
});

Deno.test("a message in a file that is none is empty, and the server goes on", () => {
  using server = channelOf(0, echo);
  const address = channelAddress(server.pid, server.chid);
  const socket = unconnected(address, SocketType.messages);
  const [output, input] = pipe();
  using _ = closing(socket, output, input);
  assertEquals(tryConnect(socket, address), 0);
  const request = new RequestPacket();
  const reply = new ReplyPacket();
  request.put(new Uint8Array());
  request.numbers.set([100, 100], Request.length);
  request.message.descriptors = [output];
  request.message.send(socket);
  assertEquals(reply.message.receive(socket), "message");
  assertEquals(reply.take(buffer), { status: 0, error: 0 });
});

Deno.test("clients for whom there is no descriptor left wait until another client goes", () => {
  using server = channelOf(0, (chid) => {
    const socket = () => unconnected(unixAddress("unused"), SocketType.messages);
    const spare = socket();
    try {
      for (;;) socket();
    } catch {
      closing(spare)[Symbol.dispose](); // room for one connection
    }
    echo(chid);
  });
  const isOver = sharedNumbers(1);
  using first = new Forked((ready) => {
    const coid = connectAttach(0, server.pid, server.chid);
    msgSend(coid, bytesOf("moo"));
    ready();
    until("it is over", () => isOver[0] === 1);
    return msgSend(coid, bytesOf("again"));
  });
  using second = sender(server, "second");
  isOver[0] = 1;
  assertEquals(first.ended().code, 5);
  assertEquals(second.ended().code, 6);
});

Deno.test("connections and messages leave no descriptor behind", () => {
  const lowest = () => {
    const ends = pipe();
    closing(...ends)[Symbol.dispose]();
    return ends[1];
  };
  const [times, large] = [50, 100_000];
  using server = channelOf(0, (chid) => {
    for (;;) {
      const { rcvid, info } = msgReceive(chid, buffer);
      if (info.srcmsglen === large) msgReply(rcvid, 0, new Uint8Array(large));
      else msgReply(rcvid, lowest());
    }
  });
  using connection = connectionTo(server);
  const ask = () => [lowest(), msgSend(connection.coid, bytesOf("?"))];
  const before = ask();
  for (let i = 0; i < times; i++) {
    using connection = connectionTo(server);
    msgSend(connection.coid, new Uint8Array(large), new Uint8Array(large));
  }
  assertEquals(ask(), before);
});
