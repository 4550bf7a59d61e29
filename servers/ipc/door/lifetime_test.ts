/** Revoked, detached and unreferenced doors. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AddressError } from "../../posix/addresses.ts";
import { pipe } from "../../posix/descriptors.ts";
import { fileStatus } from "../../posix/files.ts";
import { fork } from "../../posix/fork.ts";
import { close, read } from "../../posix/io.ts";
import { waitForExit } from "../../posix/processes.ts";
import { closing, evaluate, waitFor } from "../../testing/fork.ts";
import { closeDoor, DoorError, doorRevoke, fattach, fdetach, openDoor } from "./mod.ts";
import { call, DoorServer, OpenDoor, textOf, Waiting } from "./testing.ts";

const byte = new Uint8Array(1);

const SQUARE = new URL("./square.ts", import.meta.url);

/** The error code of a failing call. */
function codeOf(call: () => unknown): string {
  return assertThrows(call, DoorError).code;
}

Deno.test("doorRevoke() lets calls in progress finish, and refuses later ones", async () => {
  await using server = await DoorServer.start();
  using before = new OpenDoor(server.path);
  const waiting = new Waiting(server.path);
  const revoked = server.command("revoke");
  // The blocked thread keeps the pool alive, and with it the connections.
  while (fileStatus(server.path)) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(waitForExit(waiting.pid, 50), false);
  waiting.release();
  assertEquals(waitFor(waiting.pid).code, 0);
  await revoked;
  assertEquals(codeOf(() => before.who()), "EBADF");
  assertThrows(() => openDoor(server.path), AddressError, "there is nothing at that path");
});

Deno.test("doorRevoke() of one door leaves others of the same pool", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const result = door.call({ kind: "door" });
  const [made, inside] = [result.descriptors[0]!, Number(textOf(result))];
  assertEquals(textOf(call(made, { kind: "echo", text: "moo" })), "moo");
  door.call({ kind: "revoke", door: inside });
  assertEquals(codeOf(() => call(made, { kind: "echo", text: "moo" })), "EBADF");
  closeDoor(made);
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

Deno.test("doorRevoke(), fattach() and fdetach() refuse another process's door", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  assertThrows(
    () => fattach(door.descriptor, `${server.path}2`),
    DoorError,
    "not a door of this process",
  );
  assertThrows(() => fdetach(server.path), DoorError, "attached no door there");
  await assertRejects(() => doorRevoke(door.descriptor), DoorError, "not a door of this process");
});

Deno.test("fdetach() removes the path and leaves the door", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  await server.command("detach");
  assertEquals(fileStatus(server.path), undefined);
  assertThrows(() => openDoor(server.path), AddressError, "there is nothing at that path");
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

Deno.test("a process exits with its threads after its doors are revoked", async () => {
  const program = `
    const { doorCreate, doorRevoke, doorCall } = await import("./ipc/door/mod.ts");
    const door = await doorCreate(${JSON.stringify(SQUARE)});
    doorCall(door, { data: new Uint8Array(8) });
    await doorRevoke(door);
    console.log("revoked");
  `;
  const { code, stdout } = await evaluate(program);
  assertEquals({ code, stdout }, { code: 0, stdout: "revoked\n" });
});

Deno.test("with unreferenced once, the procedure gets one unreferenced call", async () => {
  await using server = await DoorServer.start({ attributes: { unreferenced: "once" } });
  const doors = [new OpenDoor(server.path), new OpenDoor(server.path)];
  await server.command("detach");
  for (const door of doors) {
    assertEquals(door.who().process, server.pid);
    door[Symbol.dispose]();
  }
  assertEquals(await server.nextLine(), "unreferenced");
});

Deno.test("with unreferenced always, it gets one each time, also after fdetach()", async () => {
  await using server = await DoorServer.start({ attributes: { unreferenced: "always" } });
  {
    using _ = new OpenDoor(server.path);
    await server.command("detach");
  }
  assertEquals(await server.nextLine(), "unreferenced");
  await server.command("attach");
  // The call may come before or after fdetach() is done.
  const [line = await server.nextLine()] = await server.command("detach");
  assertEquals(line, "unreferenced");
});

Deno.test("a door that was passed on is referenced until all descriptors are closed", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const { descriptors: [made] } = door.call({ kind: "door", unreferenced: "once" });
  const [output, input] = pipe();
  using _ = closing(output);
  const holder = fork(() => {
    close(input);
    read(output, byte);
  });
  closeDoor(made!);
  assertEquals(await server.command("inside"), ["0"]);
  close(input);
  assertEquals(waitFor(holder).code, 0);
  assertEquals(await server.nextLine(), "unreferenced");
});
