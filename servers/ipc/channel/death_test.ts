/** Death of servers and clients: no process hangs, and nothing of a channel is left. */
import { assert, assertEquals, assertGreater } from "@std/assert";
import { Errno } from "../../posix/errors.ts";
import { descriptorsOf, readText } from "../../posix/files.ts";
import { getpid, getuid } from "../../posix/processes.ts";
import { waitToBeKilled } from "../../testing/fork.ts";
import { isLong } from "../../testing/long.ts";
import {
  channelCreate,
  channelDestroy,
  ChannelFlag,
  connectAttach,
  connectDetach,
  msgReceive,
  msgReply,
  msgSend,
  nameAttach,
  nameDetach,
  open,
  PulseCode,
  resmgrAttach,
  resmgrDetach,
} from "./mod.ts";
import {
  assertErrno,
  blocked,
  bytesOf,
  channelOf,
  Forked,
  sharedNumbers,
  uniqueName,
  until,
} from "./testing.ts";

const buffer = new Uint8Array(1024);

/** Times that a server is killed at random points of its replies. */
const KILLS = isLong ? 10 : 2;

/** A process that sends one message and exits with the error number of the failure. */
function failing(pid: number, chid: number): Forked {
  const client = new Forked((ready) => {
    const coid = connectAttach(0, pid, chid);
    const message = bytesOf("moo");
    ready();
    try {
      msgSend(coid, message);
    } catch (error) {
      return (error as { errno: number }).errno;
    }
  });
  blocked(client);
  return client;
}

Deno.test("a server killed before it replies gives every sender an error", () => {
  const received = sharedNumbers(1);
  using server = channelOf(0, (chid) => {
    for (let i = 0; i < 3; i++) {
      msgReceive(chid, buffer);
      received[0]!++;
    }
    waitToBeKilled();
  });
  using all = new DisposableStack();
  const clients = Array.from({ length: 6 }, () => all.use(failing(server.pid, server.chid)));
  // Three are REPLY-blocked now, and three SEND-blocked.
  until("three are received", () => received[0] === 3);
  server.kill();
  assertEquals(clients.map((client) => client.ended().code), Array(6).fill(Errno.ESRCH));
});

Deno.test("a server killed during replies gives every sender an error, repeatedly", () => {
  // Replies so large that the server spends most of its time on them.
  const large = 2_000_000;
  for (let time = 0; time < KILLS; time++) {
    const count = sharedNumbers(1);
    using server = channelOf(0, (chid) => {
      const reply = new Uint8Array(large).fill(7);
      for (;;) msgReply(msgReceive(chid, buffer).rcvid, 0, reply);
    });
    using all = new DisposableStack();
    const clients = Array.from({ length: 4 }, () =>
      all.use(
        new Forked((ready) => {
          const coid = connectAttach(0, server.pid, server.chid);
          const reply = new Uint8Array(large);
          ready();
          try {
            for (;;) {
              msgSend(coid, bytesOf("moo"), reply.fill(0));
              if (reply[0] !== 7 || reply.at(-1) !== 7) return 1; // never a partial reply
              Atomics.add(count, 0, 1);
            }
          } catch (error) {
            return (error as { errno: number }).errno;
          }
        }),
      ));
    until("replies flow", () => count[0]! > 4 * time);
    server.kill();
    for (const client of clients) {
      // ESRCH if it was waiting, EBADF if it was about to send.
      const { code } = client.ended();
      assert(code === Errno.ESRCH || code === Errno.EBADF, `ended with ${code}`);
    }
  }
});

Deno.test("a server's death sends a pulse to clients with COID_DISCONNECT", () => {
  using server = channelOf(0, waitToBeKilled);
  const own = channelCreate(ChannelFlag.COID_DISCONNECT);
  const coid = connectAttach(0, server.pid, server.chid);
  server.kill();
  assertEquals(msgReceive(own, buffer).pulse, { code: PulseCode.COIDDEATH, value: coid, scoid: 0 });
  assertErrno(Errno.EBADF, () => msgSend(coid, bytesOf("moo")));
  connectDetach(coid);
  channelDestroy(own);
});

Deno.test("a client killed while REPLY-blocked does not stop the server", () => {
  const chid = channelCreate();
  using client = failing(getpid(), chid);
  const { rcvid } = msgReceive(chid, buffer);
  client.kill();
  assertEquals(msgReply(rcvid, 0), false);
  using next = failing(getpid(), chid);
  msgReply(msgReceive(chid, buffer).rcvid, 0);
  assertEquals(next.ended().code, 0);
  channelDestroy(chid);
});

Deno.test("a client killed while SEND-blocked leaves no message", () => {
  const chid = channelCreate(ChannelFlag.DISCONNECT);
  using client = failing(getpid(), chid);
  client.kill();
  assertEquals(msgReceive(chid, buffer).pulse!.code, PulseCode.DISCONNECT);
  channelDestroy(chid);
});

Deno.test("a stopped client does not block the server, with replies of any size", () => {
  const [chid, pid] = [channelCreate(), getpid()];
  using client = new Forked((ready) => {
    const coid = connectAttach(0, pid, chid);
    const reply = new Uint8Array(1_000_000);
    ready();
    for (let i = 0; i < 3; i++) msgSend(coid, bytesOf("moo"), reply);
  });
  blocked(client);
  client.stop();
  const { rcvid } = msgReceive(chid, buffer);
  msgReply(rcvid, 0, new Uint8Array(1_000_000));
  client.resume();
  for (let i = 0; i < 2; i++) {
    msgReply(msgReceive(chid, buffer).rcvid, 0, new Uint8Array(1_000_000));
  }
  assertEquals(client.ended().code, 0);
  channelDestroy(chid);
});

Deno.test("a resource manager closes the descriptors of a killed client", () => {
  const closed: string[] = [];
  const path = `/dev/${uniqueName()}`;
  const manager = resmgrAttach(path, {
    open: (_, { pid }) => `${pid}`,
    close: (handle) => void closed.push(handle),
  });
  using client = new Forked((ready) => {
    ready();
    open(path);
    waitToBeKilled();
  });
  manager.handle();
  client.kill();
  manager.handle();
  assertEquals(closed, [`${client.pid}`]);
  resmgrDetach(manager);
});

Deno.test("nothing is left of a killed server", () => {
  const [name, path] = [uniqueName(), `/dev/${uniqueName()}`];
  /** Channels of this user, of all its processes: inode and address of each. */
  const channels = () =>
    readText("/proc/net/unix").split("\n").map((line) => line.trim().split(/ +/).slice(6))
      .filter(([, address]) => address?.startsWith(`@herd/${getuid()}/`));
  let owned: string[] = [];
  {
    using server = new Forked((ready) => {
      nameAttach(name);
      resmgrAttach(path, { open: () => 0 });
      channelCreate(ChannelFlag.PRIVATE | ChannelFlag.COID_DISCONNECT | ChannelFlag.THREAD_DEATH);
      connectAttach(0, 0, channelCreate());
      ready();
      waitToBeKilled();
    });
    const sockets = descriptorsOf(server.pid).map(({ target }) => target);
    owned = channels().filter(([inode]) => sockets.includes(`socket:[${inode}]`))
      .map(([, address]) => address!);
    assertGreater(owned.length, 0);
    server.kill();
  }
  assertEquals(channels().filter(([, address]) => owned.includes(address!)), []);
  nameDetach(nameAttach(name));
  resmgrDetach(resmgrAttach(path, { open: () => 0 }));
});
