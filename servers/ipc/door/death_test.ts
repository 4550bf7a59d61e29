/** Callers, threads and paths after the death of a process. */
import { assertEquals, assertThrows } from "@std/assert";
import { closing, isGone, waitFor } from "../../testing/fork.ts";
import { pipe } from "../../posix/descriptors.ts";
import { childrenOf, fileStatus } from "../../posix/files.ts";
import { fork } from "../../posix/fork.ts";
import { read } from "../../posix/io.ts";
import { kill } from "../../posix/processes.ts";
import { Signal } from "../../posix/signals.ts";
import { isLong } from "../../testing/long.ts";
import { DoorError, openDoor } from "./mod.ts";
import { DoorServer, OpenDoor } from "./testing.ts";

const byte = new Uint8Array(1);

/** The error code of a failing call. */
const codeOf = (call: () => unknown) => assertThrows(call, DoorError).code;

/** Exit code of a caller whose server was killed during the call. */
const INTERRUPTED = 4;

/** Forks a process that calls the door over its own connection or over a shared one. */
function caller(path: string, shared: OpenDoor, here: number, gate: number, useShared: boolean) {
  return fork(() => {
    using own = new OpenDoor(path);
    const door = useShared ? shared : own;
    const wait = () => door.call({ kind: "wait" }, { descriptors: [here, gate] });
    return codeOf(wait) === "EINTR" ? INTERRUPTED : 1;
  });
}

Deno.test("a server killed during calls gives every caller an error", async () => {
  await using server = await DoorServer.start();
  using shared = new OpenDoor(server.path);
  const [hereEnd, here] = pipe();
  const [gate, gateWriter] = pipe();
  using _ = closing(hereEnd, here, gate, gateWriter);
  const callers = Array.from(
    { length: 8 },
    (_, i) => caller(server.path, shared, here, gate, i % 2 === 0),
  );
  for (const _ of callers) assertEquals(read(hereEnd, byte), 1);
  await server.kill();
  for (const pid of callers) assertEquals(waitFor(pid).code, INTERRUPTED);
  // Later calls fail, too.
  assertEquals(codeOf(() => shared.who()), "EBADF");
});

const SIGNALS = [Signal.KILL, Signal.TERM, ...(isLong ? [Signal.INT, Signal.HUP] : [])];

Deno.test(
  "a server terminated by any signal leaves no path and no process",
  { ignore: !isLong },
  async () => {
    for (const signal of isLong ? SIGNALS : SIGNALS.slice(0, 2)) {
      await using server = await DoorServer.start();
      const guards = childrenOf(server.pid);
      assertEquals(guards.length, 1);
      kill(server.pid, signal);
      await server.ended();
      assertEquals(isGone(server.path), true);
      assertEquals(isGone(`/proc/${guards[0]}`), true);
      assertEquals(server.names, []);
    }
  },
);

Deno.test("a path left behind by a crash is replaced", async () => {
  await using crashed = await DoorServer.start();
  using door = new OpenDoor(crashed.path);
  // As after a crash of the machine: no process is left to remove it.
  for (const guard of childrenOf(crashed.pid)) kill(guard, Signal.KILL);
  await crashed.kill();
  assertEquals(fileStatus(crashed.path)?.isSocket, true);
  assertEquals(assertThrows(() => openDoor(crashed.path), DoorError).code, "EBADF");
  await using server = await DoorServer.start({ path: crashed.path });
  using fresh = new OpenDoor(server.path);
  assertEquals(fresh.who().process, server.pid);
  assertEquals(codeOf(() => door.who()), "EBADF");
});
