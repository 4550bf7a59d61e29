/** Connections to another node, through a gateway that leads back to this one. */
import { assert, assertEquals } from "@std/assert";
import { Errno } from "../../posix/errors.ts";
import { getpid } from "../../posix/processes.ts";
import { waitToBeKilled } from "../../testing/fork.ts";
import {
  channelCreate,
  channelDestroy,
  ChannelFlag,
  close,
  connectAttach,
  connectDetach,
  msgReceive,
  msgReply,
  msgSend,
  msgSendPulse,
  nameAttach,
  nameClose,
  nameDetach,
  nameOpen,
  nodeDescriptor,
  open,
  PulseCode,
  read,
  write,
} from "./mod.ts";
import {
  assertErrno,
  blocked,
  bytesOf,
  channelOf,
  Forked,
  isCutOff,
  keeper,
  textOf,
  uniqueName,
} from "./testing.ts";
import { pathAddress } from "./addresses.ts";
import { attach, transact } from "./connection.ts";
import { MessageType, SIDE_CHANNEL } from "./flags.ts";
import { nodePath } from "./nodes.ts";
import { mirror } from "./testing_tasks.ts";

const buffer = new Uint8Array(1024);

const steps = new Map<string, (node: string) => void>();
const step = (name: string, body: (node: string) => void) => void steps.set(name, body);

Deno.test("connections to another node", async (test) => {
  const { node, gateway } = await mirror();
  await using _ = gateway;
  for (const [name, body] of steps) await test.step(name, () => body(node));
});

step("open() of /net/NODE/… reaches a resource manager there", (node) => {
  const path = `/dev/${uniqueName()}`;
  using manager = keeper(path);
  void manager;
  const fd = open(`/net/${node}${path}`);
  assertEquals(write(fd, bytesOf("hello")), 5);
  assertEquals(read(fd, buffer), 5);
  assertEquals(textOf(buffer.subarray(0, 5)), "hello");
  assertEquals(msgSend(fd, bytesOf("abc"), buffer), 5);
  assertEquals(textOf(buffer.subarray(0, 3)), "cba");
  close(fd);
  assertErrno(Errno.ENOENT, () => open(`/net/${node}/dev/${uniqueName()}`));
  assertErrno(Errno.EHOSTUNREACH, () => open(`/net/${uniqueName()}${path}`));
});

step(
  "connectAttach() to another node reaches a channel there, with messages of any size",
  (node) => {
    using server = channelOf(0, (chid) => {
      const large = new Uint8Array(1_000_003);
      for (;;) {
        const { rcvid, info } = msgReceive(chid, large);
        msgReply(rcvid, info.msglen, large.subarray(0, info.msglen).reverse());
      }
    });
    const nd = nodeDescriptor(node);
    assertEquals(nodeDescriptor(node), nd);
    const coid = connectAttach(nd, server.pid, server.chid);
    for (const size of [0, 5, 5000, 70_000, 1_000_003]) {
      const message = Uint8Array.from({ length: size }, (_, i) => i * 7 + size);
      const reply = new Uint8Array(size);
      assertEquals(msgSend(coid, message, reply), size);
      assertEquals(reply, message.toReversed());
    }
    connectDetach(coid);
    assertErrno(Errno.ESRCH, () => connectAttach(nd, server.pid, server.chid + 1000));
  },
);

step("pulses come from another node, and one when all its connections are detached", (node) => {
  const name = uniqueName();
  const attachment = nameAttach(name);
  const coid = nameOpen(`/net/${node}/dev/name/local/${name}`);
  for (const code of [1, 2, 3]) msgSendPulse(coid, -1, code, -code);
  nameClose(coid);
  const pulses = Array.from({ length: 4 }, () => msgReceive(attachment.chid, buffer).pulse!);
  assertEquals(pulses.map(({ code }) => code), [1, 2, 3, PulseCode.DISCONNECT]);
  assertEquals(pulses.map(({ value }) => value), [-1, -2, -3, 0]);
  nameDetach(attachment);
});

step("what a client sends that names no target harms nobody else", (node) => {
  const address = pathAddress(nodePath(node), "test");
  const how = { index: SIDE_CHANNEL, flags: 0, call: "test", action: "test" };
  assert(isCutOff(address, new Uint8Array(64)));
  for (const target of ["5", '{"path":', "\u001b[2J"]) {
    const coid = attach(address, how);
    const transaction = { call: "test", type: MessageType.node, reply: new Uint8Array() };
    const message = bytesOf(target);
    assertErrno(Errno.EINVAL, () => transact(coid, { ...transaction, message }));
    connectDetach(coid);
  }
});

step("a killed server gives its senders on another node an error", (node) => {
  using server = channelOf(0, (chid) => {
    msgReceive(chid, buffer);
    waitToBeKilled();
  });
  using client = new Forked((ready) => {
    const coid = connectAttach(nodeDescriptor(node), server.pid, server.chid);
    ready();
    try {
      msgSend(coid, bytesOf("moo"));
    } catch (error) {
      return (error as { errno: number }).errno;
    }
  });
  blocked(client);
  server.kill();
  assertEquals(client.ended().code, Errno.ESRCH);
});

step("a client on another node killed while REPLY-blocked does not stop the server", (node) => {
  const chid = channelCreate(ChannelFlag.DISCONNECT);
  const pid = getpid();
  using client = new Forked((ready) => {
    const coid = connectAttach(nodeDescriptor(node), pid, chid);
    ready();
    msgSend(coid, bytesOf("moo"));
  });
  const { rcvid } = msgReceive(chid, buffer);
  client.kill();
  assertEquals(msgReceive(chid, buffer).pulse!.code, PulseCode.DISCONNECT);
  assertEquals(msgReply(rcvid, 0), false);
  channelDestroy(chid);
});
