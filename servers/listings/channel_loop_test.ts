/** The channel server by itself. */
import { isLong } from "../testing/long.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { attach, detach, transact } from "../ipc/channel/connection.ts";
import { ConnectFlag, MessageType, SIDE_CHANNEL } from "../ipc/channel/flags.ts";
import { assertErrno, bytesOf } from "../ipc/channel/testing.ts";
import { Errno, SystemError } from "../posix/errors.ts";
import { childrenOf } from "../posix/files.ts";
import { fork } from "../posix/fork.ts";
import { kill } from "../posix/processes.ts";
import { Signal } from "../posix/signals.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { freePath, isAll } from "../testing/client.ts";
import { isGone, waitFor } from "../testing/fork.ts";
import { type RunningServer, startServer } from "../testing/server.ts";
import { pathAddress } from "../transports/stream.ts";

/** Starts it at a path of its own. */
async function start(): Promise<RunningServer & { path: string }> {
  const path = freePath();
  const server = await startServer("channel", { path });
  return Object.assign(server, { path });
}

/** A connection to it. */
function attachTo(path: string): Disposable & { ask(request: string): Uint8Array } {
  const how = { index: SIDE_CHANNEL, flags: ConnectFlag.CLOEXEC, call: "attach", action: "attach" };
  const coid = attach(pathAddress(path), how);
  return {
    ask(request) {
      const reply = new Uint8Array(REQUEST_LIMIT);
      const message = bytesOf(request);
      const call = { call: "msgSend", type: MessageType.own, message, reply };
      return reply.subarray(0, transact(coid, call));
    },
    [Symbol.dispose]: () => detach(coid, "detach"),
  };
}

/** What the service answers to one request, over a connection of its own. */
function ask(path: string, request: string): Uint8Array {
  using connection = attachTo(path);
  return connection.ask(request);
}

Deno.test("channel answers as many bytes as it is asked for, and counts", async (t) => {
  await using server = await start();
  const { path } = server;
  assertEquals(server.ready.path, path);
  ask(path, "1\n");
  await server.mark();
  let messages = 0;

  await t.step("in any size, any number of times over one connection", () => {
    using connection = attachTo(path);
    for (const count of [1, 4000, 65_520, 65_521, 65_537, REQUEST_LIMIT]) {
      const reply = connection.ask(`${count}\n`);
      assertEquals([reply.length, isAll(reply, 65)], [count, true]);
      messages++;
    }
  });

  const refused = ["abc\n", "\n", "0\n", "-1\n", "1.5\n", "5\r\n", "5", "", "5\n6\n"];
  for (const request of [...refused, `${REQUEST_LIMIT + 1}\n`, "7".repeat(5000)]) {
    await t.step(`it refuses ${JSON.stringify(request.slice(0, 20))}, and goes on`, () => {
      assertErrno(Errno.EINVAL, () => ask(path, request));
      assertEquals(ask(path, "7\n").length, 7);
      messages += 2;
    });
  }

  await t.step("it tells what it did", async () => {
    const { code, stderr, report } = await server.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const [child, ...others] = report!.children;
    assertEquals(others, []);
    assertEquals([child!.connections, child!.rejected], [messages, refused.length + 2]);
    assert(report!.cpu.total > 0);
  });

  await t.step("nothing of it is left", () => {
    assertEquals(server.processes(), []);
    assertEquals(isGone(path), true);
  });
});

Deno.test({
  name: "channel answers clients that come at once, whoever else is silent",
  ignore: !isLong,
  fn: async () => {
    await using server = await start();
    using silent = attachTo(server.path);
    const clients = Array.from({ length: 4 }, (_, i) =>
      fork(() => {
        for (let j = 1; j <= 15; j++) {
          if (ask(server.path, `${100 * i + j}\n`).length !== 100 * i + j) return 1;
        }
      }));
    for (const pid of clients) assertEquals(waitFor(pid).code, 0);
    assertEquals(silent.ask("3\n").length, 3);
  },
});

for (const who of ["host", "server process"]) {
  Deno.test(`channel leaves nothing when its ${who} is killed, and whoever sends is told`, async () => {
    await using server = await start();
    using connection = attachTo(server.path);
    assertEquals(connection.ask("3\n").length, 3);
    kill(who === "host" ? server.pid : childrenOf(server.pid).at(-1)!, Signal.KILL);
    assertEquals(await server.left(), []);
    // ESRCH while the socket of a killed process is being closed.
    const { errno } = assertThrows(() => connection.ask("3\n"), SystemError);
    assert(errno === Errno.EBADF || errno === Errno.ESRCH, `${errno}`);
    assertEquals(isGone(server.path), true);
  });
}
