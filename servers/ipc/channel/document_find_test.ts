/**
 * The lines of the source document under "How does the client find the server?", each with a test of
 * that name. The line on `/net/…` is in `node_test.ts`.
 */
import { assertEquals, assertGreater } from "@std/assert";
import { pipe } from "../../posix/descriptors.ts";
import { Errno } from "../../posix/errors.ts";
import { readText } from "../../posix/files.ts";
import { getpid } from "../../posix/processes.ts";
import { closing } from "../../testing/fork.ts";
import {
  channelCreate,
  channelDestroy,
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
  open,
  read,
  resmgrAttach,
  resmgrDetach,
  SIDE_CHANNEL,
  write,
} from "./mod.ts";
import {
  assertErrno,
  bytesOf,
  channelOf,
  echo,
  Forked,
  keeper,
  sharedNumbers,
  textOf,
  Thread,
  uniqueName,
} from "./testing.ts";

const buffer = new Uint8Array(1024);

Deno.test("Before MsgSend(coid, &msg, ..), a connection attach is required, coid = ConnectAttach(nd, pid, chid…).", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  // A descriptor that is not a connection is not closed.
  assertErrno(Errno.EBADF, () => msgSend(input, bytesOf("moo")));
  assertErrno(Errno.EBADF, () => msgSendPulse(input, -1, 1, 0));
  assertErrno(Errno.EBADF, () => msgSend(SIDE_CHANNEL | input, bytesOf("moo")));
  using server = channelOf(0, echo);
  const coid = connectAttach(0, server.pid, server.chid);
  assertEquals(msgSend(coid, bytesOf("moo")), 3);
  connectDetach(coid);
});

Deno.test("If they are in same process, it is easy. Sharing “chid” across the process should work.", async () => {
  const chid = channelCreate();
  using thread = await Thread.start();
  const sent = thread.run(
    `
    const coid = channel.connectAttach(0, 0, data);
    const reply = new Uint8Array(4);
    const status = channel.msgSend(coid, new Uint8Array([1, 2, 3]), reply);
    channel.connectDetach(coid);
    return [status, ...reply];
  `,
    chid,
  );
  const { rcvid, info } = msgReceive(chid, buffer);
  assertEquals([info.pid, info.msglen, ...buffer.subarray(0, 3)], [getpid(), 3, 1, 2, 3]);
  msgReply(rcvid, 42, new Uint8Array([4, 5, 6, 7]));
  assertEquals(await sent, [42, 4, 5, 6, 7]);
  // The reverse: this thread sends, another one receives.
  const received = thread.run(
    "channel.msgReply(channel.msgReceive(data, new Uint8Array(8)).rcvid, 43)",
    chid,
  );
  const coid = connectAttach(0, getpid(), chid);
  assertEquals(msgSend(coid, bytesOf("moo")), 43);
  await received;
  connectDetach(coid);
  channelDestroy(chid);
});

Deno.test("The server: resmgr_attach(..,”/dev/mymgr/”,…);", () => {
  const path = `/dev/${uniqueName()}/`;
  const manager = resmgrAttach(path, { open: () => 0 });
  assertErrno(Errno.EEXIST, () => resmgrAttach(path, { open: () => 0 }));
  assertErrno(Errno.EINVAL, () => resmgrAttach("mymgr", { open: () => 0 }));
  resmgrDetach(manager);
  using server = keeper(path);
  assertErrno(Errno.EEXIST, () => resmgrAttach(path, { open: () => 0 }));
  server.kill();
  // The path is free again.
  resmgrDetach(resmgrAttach(path, { open: () => 0 }));
});

Deno.test("Write(fd,..), read(fd,..), MsgSend(fd,…)", () => {
  const path = `/dev/${uniqueName()}`;
  using _ = keeper(path);
  const [fd, other] = [open(path), open(`${path}/`)];
  assertEquals(write(fd, bytesOf("first")), 5);
  assertEquals(write(other, bytesOf("second")), 6);
  assertEquals(read(fd, buffer), 5);
  assertEquals(textOf(buffer.subarray(0, 5)), "first");
  assertEquals(read(other, buffer.subarray(0, 3)), 3);
  assertEquals(textOf(buffer.subarray(0, 3)), "sec");
  assertEquals(msgSend(fd, bytesOf("abc"), buffer), 5);
  assertEquals(textOf(buffer.subarray(0, 3)), "cba");
  close(fd);
  close(other);
});

Deno.test("Close(fd);", () => {
  const path = `/dev/${uniqueName()}`;
  const closed = sharedNumbers(1);
  using _ = new Forked((ready) => {
    const manager = resmgrAttach(path, { open: () => 0, close: () => void closed[0]!++ });
    ready();
    for (;;) manager.handle();
  });
  const fd = open(path);
  assertEquals(closed[0], 0);
  close(fd);
  assertEquals(closed[0], 1);
  assertErrno(Errno.EBADF, () => read(fd, buffer));
  assertErrno(Errno.EBADF, () => close(fd));
  // Closed once, and not again at the end of its connection.
  close(open(path));
  assertEquals(closed[0], 2);
});

Deno.test("note: fds are a particular type of coid.", () => {
  const path = `/dev/${uniqueName()}`;
  using _ = keeper(path);
  const [lowest, free] = pipe();
  using rest = closing(free);
  void rest;
  closing(lowest)[Symbol.dispose]();
  const fd = open(path);
  assertEquals(fd, lowest);
  assertEquals(write(fd, bytesOf("moo")), 3);
  assertEquals(msgSend(fd, bytesOf("abc"), buffer), 3);
  connectDetach(fd);
  assertErrno(Errno.EBADF, () => write(fd, bytesOf("moo")));
});

/** A process with a plain loop and a name. */
function loop(name: string): Forked {
  return new Forked((ready) => {
    const { chid } = nameAttach(name);
    ready();
    echo(chid);
  });
}

Deno.test("server: name_attach(NULL, “myname”, 0);", () => {
  const name = uniqueName();
  const attachment = nameAttach(name, 0);
  assertErrno(Errno.EEXIST, () => nameAttach(name, 0));
  nameDetach(attachment);
  using server = loop(name);
  assertErrno(Errno.EEXIST, () => nameAttach(name, 0));
  server.kill();
  nameDetach(nameAttach(name, 0));
});

Deno.test("client: coid = name_open(“myname”, 0);", () => {
  const name = uniqueName();
  assertErrno(Errno.ENOENT, () => nameOpen(name, 0));
  using _ = loop(name);
  const coid = nameOpen(name, 0);
  assertGreater(coid, Number(readText("/proc/sys/fs/nr_open")));
  nameClose(coid);
});

Deno.test("MsgSend(coid, &msg,….);", () => {
  const name = uniqueName();
  using _ = loop(name);
  const coid = nameOpen(name, 0);
  const reply = new Uint8Array(8);
  assertEquals(msgSend(coid, bytesOf("moo"), reply), 3);
  assertEquals(textOf(reply), "moo");
  nameClose(coid);
});

Deno.test("name_close(coid);", () => {
  const name = uniqueName();
  using _ = loop(name);
  const coid = nameOpen(name, 0);
  nameClose(coid);
  assertErrno(Errno.EBADF, () => msgSend(coid, bytesOf("moo")));
  assertErrno(Errno.EBADF, () => nameClose(coid));
});
