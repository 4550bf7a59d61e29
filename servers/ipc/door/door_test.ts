import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { closing, evaluate, forkReady, inChild, waitFor } from "../../testing/fork.ts";
import { AddressError, unixAddress } from "../../posix/addresses.ts";
import { pipe } from "../../posix/descriptors.ts";
import { fileStatus, tryReadText } from "../../posix/files.ts";
import { fork } from "../../posix/fork.ts";
import { close, read, write } from "../../posix/io.ts";
import { Message } from "../../posix/messages.ts";
import { getpid, getuid, kill, waitForExit } from "../../posix/processes.ts";
import { Signal } from "../../posix/signals.ts";
import { connect, createSocket, SocketType } from "../../posix/sockets.ts";
import { getgid } from "../../posix/testing.ts";
import { PASS_LIMIT } from "./message.ts";
import {
  closeDoor,
  doorCall,
  doorCreate,
  doorCred,
  DoorError,
  doorInfo,
  doorReturn,
  doorRevoke,
  fattach,
  fdetach,
  openDoor,
  ProcedureError,
} from "./mod.ts";
import { call, DoorServer, OpenDoor, textOf, Waiting } from "./testing.ts";

const byte = new Uint8Array(1);
const SQUARE = new URL("./square.ts", import.meta.url);

/** What a call fails with. */
function codeOf(call: () => unknown): string {
  return assertThrows(call, DoorError).code;
}

Deno.test("doorInfo() describes a door, to clients and to its own process", async () => {
  await using server = await DoorServer.start({ attributes: { privatePool: true } });
  using door = new OpenDoor(server.path);
  const { target, isLocal, isPrivate, isRevoked, unreferenced, id } = doorInfo(door.descriptor);
  assertEquals({ target, isLocal, isPrivate, isRevoked, unreferenced }, {
    target: server.pid,
    isLocal: false,
    isPrivate: true,
    isRevoked: false,
    unreferenced: "never",
  });
  const [line] = await server.command("info");
  const inside = JSON.parse(line!);
  assertEquals([inside.id, inside.isLocal], [id, true]);
});

Deno.test("doorCred() identifies the caller of this call", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const ids = { uid: getuid(), gid: getgid() };
  assertEquals(door.who().caller, { pid: getpid(), ...ids });
  const [output, input] = pipe();
  using _ = closing(output, input);
  const { pid } = inChild(() => {
    // The same connection, another process.
    write(input, new Uint8Array(new Int32Array([door.who().caller.pid]).buffer), 4);
  });
  const bytes = new Uint8Array(4);
  read(output, bytes);
  assertEquals(new Int32Array(bytes.buffer)[0], pid);
  assertEquals(door.who().caller.pid, getpid());
});

Deno.test("doorCred() and doorReturn() throw outside a call", () => {
  assertThrows(doorCred, Error, "no call is in progress");
  assertThrows(doorReturn, Error, "no call is in progress");
});

Deno.test("doorReturn() ends the call, and runs finally blocks", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  assertEquals(textOf(door.call({ kind: "return" })), "by doorReturn");
  assertEquals(textOf(door.call({ kind: "return" })), "by doorReturn");
});

Deno.test("doorCall() waits for an asynchronous procedure", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  assertEquals(textOf(door.call({ kind: "later" })), "later");
});

Deno.test("doorCall() refuses a descriptor that is not a door", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  assertEquals(codeOf(() => doorCall(output)), "EBADF");
  assertEquals(codeOf(() => doorCall(1_000_000)), "EBADF");
  assertEquals(codeOf(() => doorInfo(input)), "EBADF");
});

Deno.test("doorCall() passes the maximum number of descriptors, and refuses more", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const [output, input] = pipe();
  using _ = closing(output, input);
  const pass = (count: number) =>
    door.call({ kind: "echo", text: "" }, { descriptors: Array(count).fill(input) });
  const { descriptors } = pass(PASS_LIMIT);
  assertEquals(descriptors.length, PASS_LIMIT);
  descriptors.forEach(close);
  const error = assertThrows(() => pass(PASS_LIMIT + 1), RangeError);
  assertEquals(error.message, "Cannot pass 252 descriptors: the maximum is 251");
});

Deno.test("doorCall() closes descriptors after sending with `release`", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const [output, input] = pipe();
  using _ = closing(output);
  const { descriptors } = door.call({ kind: "echo", text: "" }, {
    descriptors: [input],
    release: true,
  });
  descriptors.forEach(close);
  assertEquals(read(output, byte), 0);
});

Deno.test("doorCall() throws if it has no free descriptors for the result", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const [output, input] = pipe();
  using _ = closing(output, input);
  const limited = forkReady((ready) => {
    ready();
    read(output, byte); // until the limit is set
    const echo = () => door.call({ kind: "echo", text: "" }, { descriptors: Array(20).fill(0) });
    return codeOf(echo) === "EMFILE" && door.who().process === server.pid ? 0 : 1;
  });
  const free = Array.from({ length: 1000 }, (_, fd) => fd).filter((fd) => !isOpen(limited, fd));
  const most = free[6];
  const { code } = new Deno.Command("prlimit", { args: [`--pid=${limited}`, `--nofile=${most}:`] })
    .outputSync();
  assertEquals(code, 0);
  write(input, byte, 1);
  assertEquals(waitFor(limited).code, 0);
});

const isOpen = (pid: number, fd: number) => tryReadText(`/proc/${pid}/fdinfo/${fd}`) !== undefined;

Deno.test("a procedure must not return an invalid descriptor", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const bad = () => door.call({ kind: "bad descriptor" });
  assertThrows(bad, ProcedureError, "EBADF");
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

Deno.test("a thread that dies of an error gives its caller an error, and is replaced", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  for (let i = 0; i < 3; i++) {
    const error = assertThrows(() => door.call({ kind: "crash" }), DoorError);
    assertEquals(error.code, "EINTR");
    assertEquals(error.message.includes("crashed as ordered"), true);
  }
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

Deno.test("a caller that dies during a call does no harm", async () => {
  await using server = await DoorServer.start();
  using waiting = new Waiting(server.path);
  kill(waiting.pid, Signal.KILL);
  assertEquals(waitFor(waiting.pid).signal, Signal.KILL);
  waiting.release();
  using door = new OpenDoor(server.path);
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

Deno.test("a client that sends invalid messages is disconnected, and no other", async () => {
  await using server = await DoorServer.start();
  using door = new OpenDoor(server.path);
  const address = unixAddress(server.path);
  for (const nonsense of ["moo", "x".repeat(20), "\xff\x03\0\0".repeat(5)]) {
    const socket = createSocket(address, SocketType.messages);
    using _ = closing(socket);
    connect(socket, address);
    const message = new Message(64);
    message.length = new TextEncoder().encodeInto(nonsense, message.data).written;
    message.send(socket);
    message.length = 1;
    message.send(socket);
    const answer = new Message(1000);
    while (answer.receive(socket) === "message");
  }
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

Deno.test("a private pool has its own threads", async () => {
  const [common, own] = [
    await doorCreate(SQUARE),
    await doorCreate(SQUARE, 0, { privatePool: true }),
  ];
  const another = await doorCreate(SQUARE);
  assertEquals(doorInfo(common).isPrivate, false);
  assertEquals(doorInfo(own).isPrivate, true);
  const data = new Uint8Array(new BigInt64Array([12n]).buffer);
  for (const door of [common, own, another]) {
    assertEquals(new BigInt64Array(doorCall(door, { data }).data.buffer)[0], 144n);
    await doorRevoke(door);
  }
});

Deno.test("doorCreate() refuses a module without a procedure", async () => {
  const create = (module: string) => doorCreate(new URL(module, import.meta.url));
  await assertRejects(() => create("./no_such_file.ts"), TypeError, "no_such_file.ts");
  await assertRejects(() => create("./mod.ts"), TypeError, "default export is not a function");
  await assertRejects(() => doorCreate("./square.ts"), TypeError, "./square.ts");
});

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
