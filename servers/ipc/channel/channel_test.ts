/** Many senders, many receivers, and invalid clients. */
import { assert, assertEquals } from "@std/assert";
import { unixAddress } from "../../posix/addresses.ts";
import { pipe } from "../../posix/descriptors.ts";
import { Errno } from "../../posix/errors.ts";
import { readText } from "../../posix/files.ts";
import { getpid } from "../../posix/processes.ts";
import { createSocket, SocketType, tryConnect } from "../../posix/sockets.ts";
import { closing, evaluate } from "../../testing/fork.ts";
import { isLong } from "../../testing/long.ts";
import { pause } from "../../testing/process.ts";
import { channelAddress } from "./addresses.ts";
import {
  channelCreate,
  channelDestroy,
  ChannelFlag,
  connectAttach,
  msgReceive,
  msgReply,
  msgSend,
  msgSendPulse,
} from "./mod.ts";
import { ReplyPacket, Request, RequestPacket } from "./packet.ts";
import {
  assertErrno,
  bytesOf,
  channelOf,
  connectionTo,
  echo,
  Forked,
  isCutOff,
  ownChannel,
  sender,
  sharedNumbers,
  Thread,
  until,
} from "./testing.ts";

const buffer = new Uint8Array(1024);

const SENDERS = isLong ? 100 : 30;

Deno.test(`${SENDERS} concurrent senders get the right replies`, async () => {
  // In a process of its own, which is smaller than that of the tests and faster to fork.
  const { stdout, stderr } = await evaluate(`
    import { connectAttach, msgReceive, msgReply, msgSend } from "./ipc/channel/mod.ts";
    import { channelOf } from "./ipc/channel/testing.ts";
    import { pipe } from "./posix/descriptors.ts";
    import { fork } from "./posix/fork.ts";
    import { close, read, write } from "./posix/io.ts";
    import { wait } from "./posix/processes.ts";
    import { endAfter } from "./posix/testing.ts";

    const [clients, times, seconds, buffer] = [${SENDERS}, 50, 60, new Uint8Array(8)];
    const server = channelOf(0, (chid) => {
      endAfter(seconds);
      for (;;) {
        const { rcvid } = msgReceive(chid, buffer);
        msgReply(rcvid, 3 * buffer[0] + buffer[1], buffer.subarray(0, 1));
      }
    });
    const [readyEnd, ready] = pipe();
    const [gate, gateWriter] = pipe();
    for (let number = 0; number < clients; number++) {
      fork(() => {
        endAfter(seconds);
        close(gateWriter);
        const coid = connectAttach(0, server.pid, server.chid);
        const reply = new Uint8Array(1);
        write(ready, reply, 1);
        read(gate, reply); // returns when all have started
        for (let i = 0; i < times; i++) {
          const status = msgSend(coid, new Uint8Array([number, i]), reply);
          if (status !== 3 * number + i || reply[0] !== number) return 1;
        }
      });
    }
    for (let i = 0; i < clients; i++) read(readyEnd, new Uint8Array(1));
    close(gateWriter);
    const codes = Array.from({ length: clients }, () => wait().code);
    console.log(codes.filter((code) => code === 0).length);
    server.kill();
  `);
  assertEquals(stderr, "");
  assertEquals(stdout, `${SENDERS}\n`);
});

Deno.test("any number of threads receive on a channel, each message in one of them", async () => {
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

Deno.test("channelDestroy() wakes all threads blocked on the channel", async () => {
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
  await pause(50); // the thread blocks
  channelDestroy(chid);
  assertEquals(await receiving, Errno.ESRCH);
  assertEquals(waiting.ended().code, Errno.ESRCH);
  assertErrno(Errno.ESRCH, () => msgReply(rcvid, 0));
});

Deno.test("a private channel rejects other processes that find its address", () => {
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

Deno.test("a client that sends invalid messages is disconnected, and the server goes on", () => {
  using server = channelOf(0, echo);
  using connection = connectionTo(server);
  assert(isCutOff(channelAddress(server.pid, server.chid), new Uint8Array([1])));
  assertEquals(msgSend(connection.coid, bytesOf("moo")), 3);
});

Deno.test("a message passed as an invalid file is empty, and the server goes on", () => {
  using server = channelOf(0, echo);
  const address = channelAddress(server.pid, server.chid);
  const socket = createSocket(address, SocketType.messages);
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
  assertEquals(reply.unpack(buffer), { status: 0, error: 0 });
});

Deno.test("clients wait for a free descriptor until another client disconnects", () => {
  using server = channelOf(0, (chid) => {
    const socket = () => createSocket(unixAddress("unused"), SocketType.messages);
    const spare = socket();
    try {
      for (;;) socket();
    } catch {
      closing(spare)[Symbol.dispose](); // frees a descriptor for one connection
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

Deno.test("connections and messages leak no descriptors", () => {
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
