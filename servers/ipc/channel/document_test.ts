/**
 * Every statement of the source document on QNX Neutrino's message passing ("IPC: Message fundamentals") on
 * channels and connections, with a test of that name. How clients find servers
 * is in `document_find_test.ts`.
 */
import { assert, assertEquals, assertGreater, assertLess, assertNotEquals } from "@std/assert";
import { Errno } from "../../posix/errors.ts";
import { readText } from "../../posix/files.ts";
import { getpid } from "../../posix/processes.ts";
import { setThreadPriority, threadPriority } from "../../posix/threads.ts";
import { waitToBeKilled } from "../../testing/fork.ts";
import {
  channelCreate,
  channelDestroy,
  ChannelFlag,
  connectAttach,
  connectDetach,
  msgReceive,
  msgReply,
  msgSend,
  msgSendPulse,
  PulseCode,
  SIDE_CHANNEL,
} from "./mod.ts";
import {
  assertErrno,
  bytesOf,
  channelOf,
  echo,
  Forked,
  sharedNumbers,
  textOf,
  Thread,
} from "./testing.ts";

const buffer = new Uint8Array(1024);

Deno.test("Channel: Servers receive on channels.", () => {
  using server = channelOf(0, echo);
  const coid = connectAttach(0, server.pid, server.chid);
  const reply = new Uint8Array(5);
  assertEquals(msgSend(coid, bytesOf("hello"), reply), 5);
  assertEquals(textOf(reply), "hello");
  connectDetach(coid);
});

Deno.test("Connection: Clients should connect/attach to the channel first, then send to the channel using the connection.", () => {
  using server = channelOf(0, echo);
  assertErrno(Errno.EBADF, () => msgSend(server.chid, bytesOf("moo")));
  const coid = connectAttach(0, server.pid, server.chid);
  assertEquals(msgSend(coid, bytesOf("moo")), 3);
  connectDetach(coid);
  assertErrno(Errno.EBADF, () => msgSend(coid, bytesOf("moo")));
});

Deno.test("int ChannelCreate(unsigned flags)", () => {
  const all = Object.values(ChannelFlag).reduce((all, flag) => all | flag, 0);
  const channels = [channelCreate(0), channelCreate(all)];
  assert(channels.every((chid) => Number.isInteger(chid) && chid > 0));
  assertNotEquals(channels[0], channels[1]);
  assertErrno(Errno.EINVAL, () => channelCreate(1 << 20));
  for (const chid of channels) {
    channelDestroy(chid);
    assertErrno(Errno.ESRCH, () => channelDestroy(chid));
    assertErrno(Errno.ESRCH, () => msgReceive(chid, buffer));
  }
});

Deno.test("_NTO_CHF_PRIVATE only be used inside a process", async () => {
  const [chid, pid] = [channelCreate(ChannelFlag.PRIVATE), getpid()];
  using other = new Forked((ready) => {
    ready();
    assertErrno(Errno.ESRCH, () => connectAttach(0, pid, chid));
  });
  assertEquals(other.ended().code, 0);
  using thread = await Thread.start();
  const inside = thread.run(
    `
    const coid = channel.connectAttach(0, 0, data);
    const status = channel.msgSend(coid, new Uint8Array(3));
    channel.connectDetach(coid);
    return status;
  `,
    chid,
  );
  const { rcvid, info } = msgReceive(chid, buffer);
  assertEquals([info.pid, info.msglen], [pid, 3]);
  msgReply(rcvid, 7);
  assertEquals(await inside, 7);
  channelDestroy(chid);
});

Deno.test("_NTO_CHF_FIXED_PRIORITY receiving threads won't change priorities to those of the sending threads.", () => {
  const seen = sharedNumbers(2);
  using server = channelOf(ChannelFlag.FIXED_PRIORITY, (chid) => {
    const { rcvid, info } = msgReceive(chid, buffer);
    seen.set([info.priority, threadPriority()]);
    msgReply(rcvid, info.inheritance === "fixed" ? 0 : -1);
  });
  using sender = new Forked((ready) => {
    ready();
    setThreadPriority(threadPriority() - 5);
    return msgSend(connectAttach(0, server.pid, server.chid), bytesOf("moo"));
  });
  assertEquals(sender.ended().code, 0);
  assertEquals([...seen], [threadPriority() - 5, threadPriority()]);
});

Deno.test("_NTO_CHF_THREAD_DEATH ask to deliver a pulse if a thread is dead.", async () => {
  const chid = channelCreate(ChannelFlag.THREAD_DEATH);
  using thread = await Thread.start();
  const receive = `
    const { rcvid } = channel.msgReceive(data, new Uint8Array(8));
    channel.msgReply(rcvid, gettid());
  `;
  const received = thread.run(receive, chid);
  const coid = connectAttach(0, 0, chid);
  const tid = msgSend(coid, bytesOf("moo"));
  await received;
  thread.end();
  const { rcvid, pulse } = msgReceive(chid, buffer);
  assertEquals(rcvid, 0);
  assertEquals(pulse, { code: PulseCode.THREADDEATH, value: tid, scoid: 0 });
  connectDetach(coid);
  channelDestroy(chid);
});

Deno.test("_NTO_CHF_DISCONNECT Deliver a pulse when all connections from a process are detached.", () => {
  const chid = channelCreate(ChannelFlag.DISCONNECT);
  const pid = getpid();
  using client = new Forked((ready) => {
    const [first, second] = [connectAttach(0, pid, chid), connectAttach(0, pid, chid)];
    connectDetach(first);
    msgSendPulse(second, -1, 1, 0);
    ready();
    // The previous pulse is from a process that still has a connection.
    connectDetach(second);
    waitToBeKilled();
  });
  using killed = new Forked((ready) => {
    msgSendPulse(connectAttach(0, pid, chid), -1, 2, 0);
    ready();
    waitToBeKilled();
  });
  const receive = () => {
    const { pulse, info } = msgReceive(chid, buffer);
    return { ...pulse!, pid: info.pid };
  };
  const sent = [receive(), receive()].toSorted((a, b) => a.code - b.code);
  assertEquals(sent.map(({ code, pid }) => [code, pid]), [[1, client.pid], [2, killed.pid]]);
  const detached = receive();
  assertEquals([detached.code, detached.scoid], [PulseCode.DISCONNECT, sent[0]!.scoid]);
  killed.kill();
  const dead = receive();
  assertEquals([dead.code, dead.scoid], [PulseCode.DISCONNECT, sent[1]!.scoid]);
  channelDestroy(chid);
});

Deno.test("_NTO_CHF_COID_DISCONNECT Deliver a pulse to all connections if the channel is destroyed.", async () => {
  using server = channelOf(0, (chid) => {
    const { rcvid } = msgReceive(chid, buffer);
    channelDestroy(chid);
    void rcvid;
    waitToBeKilled();
  });
  using other = channelOf(0, echo);
  const before = connectAttach(0, server.pid, server.chid);
  const own = channelCreate(ChannelFlag.COID_DISCONNECT);
  const after = connectAttach(0, server.pid, server.chid, 0);
  const elsewhere = connectAttach(0, other.pid, other.chid);
  // A thread that does not use the channel which gets the pulse.
  using thread = await Thread.start();
  const place = { pid: server.pid, chid: server.chid };
  const theirs = await thread.run("return channel.connectAttach(0, data.pid, data.chid)", place);
  assertErrno(Errno.ESRCH, () => msgSend(before, bytesOf("destroy it")));
  const lost = [1, 2, 3].map(() => msgReceive(own, buffer).pulse!);
  assertEquals(lost.map(({ code }) => code), Array(3).fill(PulseCode.COIDDEATH));
  assertEquals(new Set(lost.map(({ value }) => value)), new Set([before, after, theirs]));
  assertEquals(msgSend(elsewhere, bytesOf("moo")), 3);
  // There are no more pulses.
  const last = connectAttach(0, 0, own);
  msgSendPulse(last, -1, 1, 0);
  assertEquals(msgReceive(own, buffer).pulse!.code, 1);
  for (const coid of [before, after, elsewhere, last]) connectDetach(coid);
  await thread.run("channel.connectDetach(data)", theirs);
  channelDestroy(own);
});

Deno.test("Int coid = ConnectAttach(node_id, pid, chid, index | _NTO_SIDE_CHANNEL, flags)", () => {
  using server = channelOf(0, echo);
  const coid = connectAttach(0, server.pid, server.chid, 5 | SIDE_CHANNEL, 0);
  assertEquals(msgSend(coid, bytesOf("moo")), 3);
  connectDetach(coid);
  assertErrno(Errno.ESRCH, () => connectAttach(0, server.pid, server.chid + 1000));
  assertErrno(Errno.ESRCH, () => connectAttach(0, 2 ** 22 + 1, server.chid));
  assertErrno(Errno.EHOSTUNREACH, () => connectAttach(1000, server.pid, server.chid));
  assertErrno(Errno.EINVAL, () => connectAttach(0, server.pid, server.chid, SIDE_CHANNEL, 1 << 20));
});

Deno.test("_NTO_SIDE_CHANNEL should always be used, to make sure the returned coid is greater than any valid file descriptor.", () => {
  using server = channelOf(0, echo);
  const side = connectAttach(0, server.pid, server.chid, SIDE_CHANNEL);
  assertGreater(side, Number(readText("/proc/sys/fs/nr_open")));
  const plain = connectAttach(0, server.pid, server.chid, 0);
  assertLess(plain, Number(readText("/proc/sys/fs/nr_open")));
  for (const coid of [side, plain]) {
    assertEquals(msgSend(coid, bytesOf("moo")), 3);
    connectDetach(coid);
  }
});

Deno.test("When _NTO_SIDE_CHANNEL is used, index is ignored.", () => {
  using server = channelOf(0, echo);
  const attach = (index: number) => connectAttach(0, server.pid, server.chid, index);
  const ignored = attach(500 | SIDE_CHANNEL);
  assertLess(ignored & ~SIDE_CHANNEL, 500);
  // Without it, the search for a free descriptor starts there.
  const searched = [attach(500), attach(500), attach(501)];
  assertEquals(searched, [500, 501, 502]);
  connectDetach(501);
  assertEquals(attach(500), 501);
  for (const coid of [ignored, ...searched]) connectDetach(coid);
});

Deno.test("Int ConnectDetach(coid)", () => {
  using server = channelOf(0, echo);
  const coid = connectAttach(0, server.pid, server.chid);
  connectDetach(coid);
  assertErrno(Errno.EBADF, () => connectDetach(coid));
});
