import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { unixAddress } from "../../posix/addresses.ts";
import { pipe } from "../../posix/descriptors.ts";
import { tryReadText } from "../../posix/files.ts";
import { close, read, write } from "../../posix/io.ts";
import { Message } from "../../posix/messages.ts";
import { getpid, getuid, kill } from "../../posix/processes.ts";
import { Signal } from "../../posix/signals.ts";
import { connect, createSocket, SocketType } from "../../posix/sockets.ts";
import { getgid } from "../../posix/testing.ts";
import { closing, forkReady, inChild, waitFor } from "../../testing/fork.ts";
import { PASS_LIMIT } from "./message.ts";
import {
  doorCall,
  doorCreate,
  doorCred,
  DoorError,
  doorInfo,
  doorReturn,
  doorRevoke,
  ProcedureError,
} from "./mod.ts";
import { DoorServer, OpenDoor, testWithServer, textOf, Waiting } from "./testing.ts";

const byte = new Uint8Array(1);

const SQUARE = new URL("./square.ts", import.meta.url);

/** The error code of a failing call. */
function codeOf(call: () => unknown): string {
  return assertThrows(call, DoorError).code;
}

const step = testWithServer("doors between two processes");

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

step("doorCred() identifies the caller of this call", (_, door) => {
  const ids = { uid: getuid(), gid: getgid() };
  assertEquals(door.who().caller, { pid: getpid(), ...ids });
  const [output, input] = pipe();
  using _pipe = closing(output, input);
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

step("doorReturn() ends the call, and runs finally blocks", (_, door) => {
  assertEquals(textOf(door.call({ kind: "return" })), "by doorReturn");
  assertEquals(textOf(door.call({ kind: "return" })), "by doorReturn");
});

step("doorCall() waits for an asynchronous procedure", (_, door) => {
  assertEquals(textOf(door.call({ kind: "later" })), "later");
});

Deno.test("doorCall() refuses a descriptor that is not a door", () => {
  const [output, input] = pipe();
  using _ = closing(output, input);
  assertEquals(codeOf(() => doorCall(output)), "EBADF");
  assertEquals(codeOf(() => doorCall(1_000_000)), "EBADF");
  assertEquals(codeOf(() => doorInfo(input)), "EBADF");
});

step("doorCall() passes the maximum number of descriptors, and refuses more", (_, door) => {
  const [output, input] = pipe();
  using _pipe = closing(output, input);
  const pass = (count: number) =>
    door.call({ kind: "echo", text: "" }, { descriptors: Array(count).fill(input) });
  const { descriptors } = pass(PASS_LIMIT);
  assertEquals(descriptors.length, PASS_LIMIT);
  descriptors.forEach(close);
  const error = assertThrows(() => pass(PASS_LIMIT + 1), RangeError);
  assertEquals(error.message, "Cannot pass 252 descriptors: the maximum is 251");
});

step("doorCall() closes descriptors after sending with `release`", (_, door) => {
  const [output, input] = pipe();
  using _pipe = closing(output);
  const { descriptors } = door.call({ kind: "echo", text: "" }, {
    descriptors: [input],
    release: true,
  });
  descriptors.forEach(close);
  assertEquals(read(output, byte), 0);
});

step("doorCall() throws if it has no free descriptors for the result", (server, door) => {
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

step("a procedure must not return an invalid descriptor", (_, door) => {
  const bad = () => door.call({ kind: "bad descriptor" });
  assertThrows(bad, ProcedureError, "EBADF");
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

step("a thread that dies of an error gives its caller an error, and is replaced", (_, door) => {
  for (let i = 0; i < 3; i++) {
    const error = assertThrows(() => door.call({ kind: "crash" }), DoorError);
    assertEquals(error.code, "EINTR");
    assertEquals(error.message.includes("crashed as ordered"), true);
  }
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

step("a caller that dies during a call does no harm", (server, door) => {
  using waiting = new Waiting(server.path);
  kill(waiting.pid, Signal.KILL);
  assertEquals(waitFor(waiting.pid).signal, Signal.KILL);
  waiting.release();
  assertEquals(textOf(door.call({ kind: "echo", text: "moo" })), "moo");
});

step("a client that sends invalid messages is disconnected, and no other", (server, door) => {
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
