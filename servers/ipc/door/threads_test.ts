/**
 * The statements about the threads of doors in UNP volume 2, chapter 15, one by one: a test for each, with a
 * server of its own.
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { pipe } from "../../posix/descriptors.ts";
import { fileStatus, readText } from "../../posix/files.ts";
import { fork } from "../../posix/fork.ts";
import { read, write } from "../../posix/io.ts";
import { waitForExit } from "../../posix/processes.ts";
import { closing, forkReady, waitFor } from "../../testing/fork.ts";
import { DoorServer, OpenDoor, textOf, Waiting } from "./testing.ts";

const byte = new Uint8Array(1);

/** A test with a server of its own, whose procedure is `testing_procedure.ts`. */
function sentence(
  name: string,
  body: (server: DoorServer, door: OpenDoor) => void | Promise<void>,
  options: Parameters<typeof DoorServer.start>[0] = {},
): void {
  Deno.test(`doors: ${name}`, async () => {
    await using server = await DoorServer.start(options);
    using door = new OpenDoor(server.path);
    await body(server, door);
  });
}

sentence("each call runs in a thread of the server's process", (server, door) => {
  const { process, thread } = door.who();
  assertEquals(process, server.pid);
  assertNotEquals(thread, server.pid);
  assertEquals(fileStatus(`/proc/${server.pid}/task/${thread}`)?.isSocket, false);
});

sentence("one procedure runs for several clients at once, a thread for each", ({ path }, door) => {
  // No call returns before all have started.
  const clients = Array.from({ length: 8 }, () =>
    fork(() => {
      using door = new OpenDoor(path);
      door.call({ kind: "meet", calls: 8 });
    }));
  for (const pid of clients) assertEquals(waitFor(pid).code, 0);
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

sentence("threads are created on demand and reused", (server, door) => {
  const threads = () =>
    Number(readText(`/proc/${server.pid}/status`).match(/^Threads:\s+(\d+)/m)![1]);
  for (let i = 0; i < 50; i++) door.who();
  const few = threads();
  const waiting = Array.from({ length: 4 }, () => new Waiting(server.path));
  const more = threads();
  assert(more > few, `${few} threads before, ${more} with four calls at once`);
  for (const call of waiting) {
    call.release();
    assertEquals(waitFor(call.pid).code, 0);
    call[Symbol.dispose]();
  }
  const calls = new Map<number, number>();
  for (let i = 0; i < 50; i++) {
    const { thread, calls: count } = door.who();
    calls.set(thread, count);
  }
  assert(calls.size < 10 && Math.max(...calls.values()) > 5);
});

sentence("the server may manage its threads itself", ({ path }) => {
  using first = new Waiting(path);
  using second = new Waiting(path);
  // It creates only two: the third call waits for one of them.
  const [hereEnd, here] = pipe();
  const [gate, gateWriter] = pipe();
  using _ = closing(hereEnd, gateWriter);
  const third = forkReady((ready) => {
    using door = new OpenDoor(path);
    ready();
    door.call({ kind: "wait" }, { descriptors: [here, gate] });
  });
  closing(here, gate)[Symbol.dispose]();
  write(gateWriter, byte, 1);
  assertEquals(waitForExit(third, 200), false);
  first.release();
  assertEquals(read(hereEnd, byte), 1);
  assertEquals(waitFor(third).code, 0);
  second.release();
  for (const { pid } of [first, second]) assertEquals(waitFor(pid).code, 0);
}, { threads: 2 });

sentence(
  "procedures must be thread-safe: module state belongs to a thread, the cookie is shared",
  async (server) => {
    const [left, right] = [new Waiting(server.path), new Waiting(server.path)];
    using door = new OpenDoor(server.path);
    // A third thread counts only its own calls.
    assertEquals(door.who().calls, 1);
    for (const waiting of [left, right]) {
      waiting.release();
      assertEquals(waitFor(waiting.pid).code, 0);
      waiting[Symbol.dispose]();
    }
    for (let i = 0; i < 3; i++) door.call({ kind: "meet", calls: 1 });
    assertEquals(await server.command("inside"), ["3"]);
  },
);
