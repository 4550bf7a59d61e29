/**
 * The statements about doors in UNP volume 2, chapter 15, one by one: a step for each, which
 * bears its name. Those about threads are in threads_test.ts.
 */
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { closing, inChild, waitFor } from "../../testing/fork.ts";
import { pipe } from "../../posix/descriptors.ts";
import { fileStatus } from "../../posix/files.ts";
import { fork } from "../../posix/fork.ts";
import { close, read, write } from "../../posix/io.ts";
import { Message, messagePair } from "../../posix/messages.ts";
import { getpid, waitForExit } from "../../posix/processes.ts";
import { Kind, type ReceivedDoorMessage, receiveDoorMessage, sendDoorMessage } from "./message.ts";
import { closeDoor, doorCall, openDoor, ProcedureError } from "./mod.ts";
import { call, DoorServer, OpenDoor, testWithServer, textOf, Waiting } from "./testing.ts";
import type { Who } from "./testing_procedure.ts";

const byte = new Uint8Array(1);
const encode = (text: string) => new TextEncoder().encode(text);

const sentence = testWithServer("doors, with one server");

sentence("a procedure of another process on the same host can be called", (server, door) => {
  assertNotEquals(server.pid, getpid());
  assertEquals(door.who().process, server.pid);
});

sentence("several processes can call the procedure that a server makes available", (server) => {
  for (let i = 0; i < 3; i++) {
    const { code } = inChild(() => {
      using door = new OpenDoor(server.path);
      const { process, caller } = door.who();
      return process === server.pid && caller.pid === getpid() ? 0 : 1;
    });
    assertEquals(code, 0);
  }
});

sentence("information goes there as arguments and comes back as a return value", (_, door) => {
  for (const text of ["moo", "", "ü".repeat(1000)]) {
    assertEquals(textOf(door.call({ kind: "echo", text })), text);
  }
});

sentence("a call is synchronous: it does not return before the procedure has", ({ path }) => {
  using waiting = new Waiting(path);
  assertEquals(waitForExit(waiting.pid, 100), false);
  waiting.release();
  assertEquals(waitFor(waiting.pid).code, 0);
});

sentence("this applies to a procedure that throws, too", ({ path }, door) => {
  const [hereEnd, here] = pipe();
  const [gate, gateWriter] = pipe();
  using _ = closing(hereEnd, gateWriter);
  const pid = fork(() => {
    using door = new OpenDoor(path);
    const failing = () => door.call({ kind: "wait", fail: true }, { descriptors: [here, gate] });
    assertThrows(failing, ProcedureError, "failed as ordered");
  });
  closing(here, gate)[Symbol.dispose]();
  assertEquals(read(hereEnd, byte), 1);
  assertEquals(waitForExit(pid, 100), false);
  write(gateWriter, byte, 1);
  assertEquals(waitFor(pid).code, 0);
  // The server still works.
  assertThrows(() => door.call({ kind: "throw" }), ProcedureError, "thrown as ordered");
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

sentence("within a process a door is known by a descriptor", (_, { descriptor }) => {
  assertEquals(Number.isInteger(descriptor) && descriptor > 2, true);
  // As with any descriptor, a forked process has a copy and may close it.
  const { code } = inChild(() => {
    const { caller } = JSON.parse(textOf(call(descriptor, { kind: "who" }))) as Who;
    closeDoor(descriptor);
    return caller.pid === getpid() ? 0 : 1;
  });
  assertEquals(code, 0);
  assertEquals(textOf(call(descriptor, { kind: "echo", text: "moo" })), "moo");
});

sentence("from outside it is known by a name in the file system", ({ path }) => {
  assertEquals(fileStatus(path)?.isSocket, true);
});

sentence("door_create makes a door of a procedure and returns its descriptor", (_, door) => {
  const { data, descriptors: [made] } = door.call({ kind: "door" });
  using _made = closing(made!);
  assert(Number(new TextDecoder().decode(data)) > 2);
  assertEquals(textOf(call(made!, { kind: "echo", text: "moo" })), "moo");
});

sentence(
  "fattach ties a path to it, and open of that path gives the client a descriptor",
  (server) => {
    const descriptor = openDoor(server.path);
    const { process } = JSON.parse(textOf(call(descriptor, { kind: "who" }))) as Who;
    closeDoor(descriptor);
    assertEquals(process, server.pid);
  },
);

sentence("a server of one door may be the client of another", async (server, door) => {
  await using other = await DoorServer.start();
  const who: Who = JSON.parse(textOf(door.call({ kind: "call", path: other.path })));
  assertEquals(who.process, other.pid);
  assertEquals(who.caller.pid, server.pid);
});

sentence("it may even call its own", (server, door) => {
  const there: Who = JSON.parse(textOf(door.call({ kind: "call", path: server.path })));
  assertEquals([there.process, there.caller.pid], [server.pid, server.pid]);
});

sentence("data and descriptors are passed to the server, and back", (_, door) => {
  const [output, input] = pipe();
  using _output = closing(output);
  const result = door.call({ kind: "echo", text: "moo" }, { descriptors: [input, input] });
  close(input);
  assertEquals(textOf(result), "moo");
  assertEquals(result.descriptors.length, 2);
  for (const [i, descriptor] of result.descriptors.entries()) {
    write(descriptor, new Uint8Array([i]), 1);
    assertEquals([read(output, byte), byte[0]], [1, i]);
    close(descriptor);
  }
  // The server has kept none.
  assertEquals(read(output, byte), 0);
});

sentence("a process may pass a door on to another, which calls it", (server, door) => {
  const [here, there] = messagePair();
  const third = fork(() => {
    close(here);
    const message = new Message(1);
    message.receive(there);
    const { process, caller } = JSON.parse(textOf(call(message.descriptors[0]!, { kind: "who" })));
    return process === server.pid && caller.pid === getpid() ? 0 : 1;
  });
  close(there);
  using _ = closing(here);
  const message = new Message(1);
  message.length = 1;
  message.descriptors = [door.descriptor];
  message.send(here);
  assertEquals(waitFor(third).code, 0);
});

sentence("it may pass it through a door, as an argument or result", async (server, door) => {
  await using other = await DoorServer.start();
  using otherDoor = new OpenDoor(other.path);
  const { descriptors: [passed] } = door.call({ kind: "echo", text: "" }, {
    descriptors: [otherDoor.descriptor],
  });
  using _ = closing(passed!);
  // A third process calls the door that came back through the first server.
  const { code } = inChild(() => {
    const { process, caller } = JSON.parse(textOf(call(passed!, { kind: "who" })));
    return process === other.pid && caller.pid === getpid() ? 0 : 1;
  });
  assertEquals(code, 0);
  assertEquals(otherDoor.who().process, other.pid);
  assertEquals(door.who().process, server.pid);
});

sentence("data_size bytes from data_ptr are the arguments; there may be none", (_, door) => {
  const { data } = door.call({ kind: "size", bytes: 0 });
  assertEquals(data.length, 0);
  assertThrows(() => doorCall(door.descriptor), ProcedureError); // of no JSON
});

sentence("rsize is the space for the result; a larger one is complete, too", (_, door) => {
  for (const bytes of [1, 8, 9, 65_519, 65_520, 65_521, 5_000_000]) {
    for (const resultSize of [0, 8, 70_000]) {
      const { data } = door.call({ kind: "size", bytes }, { resultSize });
      assertEquals([data.length, data.every((byte) => byte === 7)], [bytes, true]);
    }
  }
});

sentence("a call returns to its own caller, among calls of other processes", ({ path }) => {
  const clients = Array.from({ length: 12 }, (_, i) =>
    fork(() => {
      using door = new OpenDoor(path);
      for (let j = 0; j < 50; j++) {
        const text = `${getpid()} ${i} ${j}`;
        if (textOf(door.call({ kind: "echo", text })) !== text) return 1;
      }
    }));
  for (const pid of clients) assertEquals(waitFor(pid).code, 0);
});

sentence("100 concurrent calls get the right replies", (_, { descriptor }) => {
  const calls = Array.from({ length: 100 }, (_, i) => {
    const [own, replyTo] = messagePair();
    const data = encode(JSON.stringify({ kind: "echo", text: `${i}` }));
    sendDoorMessage(descriptor, { kind: Kind.call, data, replyTo, inlineLimit: 100 });
    close(replyTo);
    return own;
  });
  using _calls = closing(...calls);
  for (const [i, own] of calls.entries()) {
    const { kind, data } = receiveDoorMessage(own) as ReceivedDoorMessage;
    assertEquals([kind, new TextDecoder().decode(data)], [Kind.result, `${i}`]);
  }
});
