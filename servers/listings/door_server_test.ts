/** The door server by itself. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { doorCall, DoorError, doorInfo, openDoor, ProcedureError } from "../ipc/door/mod.ts";
import { OpenDoor } from "../ipc/door/testing.ts";
import { fork } from "../posix/fork.ts";
import { REQUEST_LIMIT } from "../service/bytes.ts";
import { freePath, isAll } from "../testing/client.ts";
import { isGone, waitFor } from "../testing/fork.ts";
import { type RunningServer, startServer } from "../testing/server.ts";

const CHILDREN = 3;

/** Starts it at a path of its own. */
async function start(): Promise<RunningServer & { path: string }> {
  const path = freePath();
  const server = await startServer("door", { children: CHILDREN, path });
  return Object.assign(server, { path });
}

const encode = (text: string) => new TextEncoder().encode(text);

/** What the service answers to one request. */
function ask(path: string, request: string): Uint8Array<ArrayBuffer> {
  using door = new OpenDoor(path);
  return doorCall(door.descriptor, { data: encode(request) }).data;
}

Deno.test("door answers as many bytes as it is asked for, and counts", async (t) => {
  await using server = await start();
  const { path } = server;
  assertEquals(server.ready.path, path);
  ask(path, "1\n");
  await server.mark();
  let calls = 0;

  await t.step("in any size", () => {
    for (const count of [1, 4000, 65_536, 65_537, REQUEST_LIMIT]) {
      const reply = ask(path, `${count}\n`);
      assertEquals([reply.length, isAll(reply, 65)], [count, true]);
      calls++;
    }
  });

  const refused = ["abc\n", "\n", "0\n", "-1\n", "1.5\n", "5\r\n", "5", "", "5\n6\n"];
  for (const request of [...refused, `${REQUEST_LIMIT + 1}\n`, "123456789\n"]) {
    await t.step(`it refuses ${JSON.stringify(request)}, and goes on`, () => {
      assertThrows(() => ask(path, request), ProcedureError, "write a line with a number");
      assertEquals(ask(path, "7\n").length, 7);
      calls += 2;
    });
  }

  await t.step("it tells what it did, thread by thread", async () => {
    const { code, stderr, report } = await server.stop();
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const sum = (figure: "connections" | "rejected") =>
      report!.children.reduce((total, child) => total + child[figure]!, 0);
    assertEquals(report!.children.length, CHILDREN);
    assertEquals([sum("connections"), sum("rejected")], [calls, refused.length + 2]);
    assert(report!.cpu.total > 0);
  });

  await t.step("nothing of it is left", () => {
    assertEquals(server.processes(), []);
    assertEquals(isGone(path), true);
  });
});

Deno.test("door has a private pool of threads, and answers clients at once", async () => {
  await using server = await start();
  const info = (() => {
    using door = new OpenDoor(server.path);
    return doorInfo(door.descriptor);
  })();
  assertEquals([info.target, info.isPrivate], [server.ready.pid, true]);
  const clients = Array.from({ length: 6 }, (_, i) =>
    fork(() => {
      for (let j = 1; j <= 50; j++) {
        if (ask(server.path, `${100 * i + j}\n`).length !== 100 * i + j) return 1;
      }
    }));
  for (const pid of clients) assertEquals(waitFor(pid).code, 0);
});

Deno.test("door leaves nothing when it is killed, and whoever calls is told", async () => {
  await using server = await start();
  using door = new OpenDoor(server.path);
  doorCall(door.descriptor, { data: encode("1\n") });
  server.signal("SIGKILL");
  assertEquals(await server.left(), []);
  assertEquals(isGone(server.path), true);
  const { code } = assertThrows(
    () => doorCall(door.descriptor, { data: encode("1\n") }),
    DoorError,
  );
  assertEquals(code, "EBADF");
  assertThrows(() => openDoor(server.path), Error, "there is nothing at that path");
});
