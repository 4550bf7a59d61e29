/** What a caller of a door sends, in number, kind or order, harms the caller alone. */
import { assert, assertEquals } from "@std/assert";
import { unixAddress } from "../../posix/addresses.ts";
import { descriptorsOf, namesIn } from "../../posix/files.ts";
import { close } from "../../posix/io.ts";
import { DESCRIPTOR_LIMIT, Message, MESSAGE_LIMIT } from "../../posix/messages.ts";
import { fork } from "../../posix/fork.ts";
import { getuid, reapOne } from "../../posix/processes.ts";
import { createSocket, socketTimeout, SocketType, tryConnect } from "../../posix/sockets.ts";
import { becomeUser, endAfter } from "../../posix/testing.ts";
import { startProgram } from "../../testing/fork.ts";
import { LETTERS, Random, sendLetter } from "../../testing/fuzz.ts";
import { eventually, type RunningProcess } from "../../testing/process.ts";
import { closeDoor, doorCall, openDoor } from "./mod.ts";
import { fromLong, toLong } from "./square.ts";

const NOBODY = 65534;
const SEED = 1;

/** A server with a door at an abstract name, where every user reaches it. */
async function startSquare(name: string): Promise<RunningProcess> {
  const server = startProgram(`
    import { doorCreate } from "./ipc/door/mod.ts";
    import { attachListener } from "./ipc/door/attach.ts";
    import { unixAddress } from "./posix/addresses.ts";
    import { listen, SocketType } from "./posix/sockets.ts";
    const listener = listen(unixAddress("\\0" + ${
    JSON.stringify(name)
  }), "test", SocketType.messages);
    attachListener(await doorCreate(import.meta.resolve("./ipc/door/square.ts")), listener);
    console.log("ready");
    setInterval(() => {}, 60_000);
  `);
  assertEquals(await server.nextLine(), "ready");
  return server;
}

function square(name: string, value: bigint): bigint {
  const door = openDoor(`\0${name}`, socketTimeout(10));
  try {
    return fromLong(doorCall(door, { data: toLong(value) }).data);
  } finally {
    closeDoor(door);
  }
}

/** Sends random letters to a door. */
function fuzz(name: string): void {
  endAfter(600);
  if (getuid() === 0) becomeUser(NOBODY);
  const random = new Random(SEED);
  const message = new Message(MESSAGE_LIMIT, DESCRIPTOR_LIMIT);
  const address = unixAddress(`\0${name}`);
  for (let sent = 0; sent < LETTERS;) {
    const socket = createSocket(address, SocketType.messages);
    if (tryConnect(socket, address) !== 0) throw new Error("cannot connect");
    for (let left = 1 + random.below(5); left > 0; left--, sent++) {
      const kind = random.once(8) ? random.int() : random.below(8) | random.below(4) << 8;
      const length = new Int32Array(new Float64Array([random.pick(LENGTHS)]).buffer);
      sendLetter(random, socket, message, [kind, random.int(), length[0]!, length[1]!]);
      if (random.once(4)) {
        while (message.receive(socket, false) === "message") message.closeDescriptors();
      }
    }
    close(socket);
  }
}

const LENGTHS = [0, 1, 8, 100, -1, 1.5, 2 ** 25, 2 ** 31, 2 ** 33, 2 ** 60, Infinity, NaN];

Deno.test("doors: random letters and descriptors harm nobody but their sender", async () => {
  const name = `herd-${crypto.randomUUID()}`;
  await using server = await startSquare(name);
  const descriptors = descriptorsOf(server.pid).length;
  const pid = fork(() => fuzz(name));
  let calls = 0n;
  let end;
  do {
    assertEquals(square(name, calls), calls * calls);
    calls++;
  } while ((end = reapOne(pid)) === undefined);
  assertEquals(end.code, 0);
  assert(calls > 1n);
  // It has let go of everything, and started a few threads at most, each with some descriptors.
  await eventually("its descriptors", () => {
    return descriptorsOf(server.pid).length <= descriptors + 40 || undefined;
  });
  assert(namesIn(`/proc/${server.pid}/task`).length < 20);
  server.signal("SIGKILL");
  assertEquals((await server.ended()).stderr, "");
});
