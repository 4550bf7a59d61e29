/** Servers made of threads, of which one fails to start or throws: it is known at once, with its reason. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { startLoad } from "../../bench/agents/load.ts";
import { doorCall, DoorError } from "../ipc/door/mod.ts";
import { OpenDoor } from "../ipc/door/testing.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { Connection, freePath, holdEveryChild } from "../testing/client.ts";
import { DIE } from "../testing/faulty_door_thread.ts";
import { death, startFaulty } from "../testing/faulty.ts";
import type { Place } from "../testing/faulty_listing.ts";
import { isLong } from "../testing/long.ts";
import { inTime } from "../testing/process.ts";
import { RunningServer, startServer, sumOf } from "../testing/server.ts";

const CHILDREN = 3;

/** A client that asks for a byte; whether it gets it. */
function isServed(port: number): boolean {
  using client = new Connection(port);
  try {
    client.send("1\n");
    return client.receive(1).length === 1;
  } catch (error) {
    if (hasErrno(error, Errno.ECONNRESET, Errno.EPIPE)) return false;
    throw error;
  }
}

/** One of each kind: a thread in its service, and one that holds a lock; the others in the long tests. */
const faults: readonly (readonly [design: string, fault: Place, reason: RegExp])[] = [
  ...isLong
    ? [["prethread-shared-accept", "serve", /EBADF/], [
      "prethread-mutex",
      "serve",
      /EBADF/,
    ]] as const
    : [],
  [
    "prethread-mutex",
    "accept",
    /^thrown as ordered \(accept\) \(servers\/testing\/faulty_listing\.ts:\d+\)$/,
  ],
  ["prethread-main-accept", "serve", /EBADF/],
];

for (const [design, fault, expected] of faults) {
  Deno.test(`${design} replaces a thread that throws under a load (${fault})`, async () => {
    await using faulty = await startFaulty(design, CHILDREN);
    const { server } = faulty;
    await using load = startLoad({ port: server.port, clients: 4, connections: 200 });
    await load.next("ready");
    faulty.order(fault);
    await load.send({ request: "go" });
    const { event, index, pid, reason } = await death(server);
    assertEquals(event, "lost");
    assertMatch(reason, expected);
    const { report: clients } = await inTime("the load", load.next("report"));
    // The others go on: only the client of the dead thread can have noticed.
    const errors = Object.values(clients.errors).reduce((total, count) => total + count, 0);
    assertEquals(errors, fault === "serve" ? 1 : 0);
    assertEquals(clients.connections, 800 - errors);
    holdEveryChild(server.port, CHILDREN);
    const { report, failure } = await server.stop();
    assertEquals(failure, null);
    assertEquals(report!.children.map(({ lost }) => lost), [0, 1, 2].map((i) => +(i === index)));
    assertEquals(sumOf(report, "connections"), 800 + CHILDREN);
    const pids = report!.children.map(({ pid }) => pid);
    assertEquals(new Set([...pids, pid]).size, CHILDREN + 1);
  });
}

const clientFaults = [["import", /ordered/], ["start", /ordered/], ["serve", /EBADF/]] as const;

for (const [fault, expected] of clientFaults.filter(([fault]) => isLong || fault !== "start")) {
  Deno.test(`thread-per-client closes the client of a thread that fails (${fault}), and goes on`, async () => {
    await using faulty = await startFaulty("thread-per-client", CHILDREN);
    const { server } = faulty;
    assertEquals(isServed(server.port), true);
    faulty.order(fault);
    assertEquals(isServed(server.port), false);
    const { event, index, reason } = await death(server);
    assertEquals([event, index], ["lost", 0]);
    assertMatch(reason, expected);
    assertEquals(isServed(server.port), true);
    const { report } = await server.stop();
    assertEquals(sumOf(report, "connections"), fault === "serve" ? 3 : 2);
    assertEquals(sumOf(report, "lost"), 1);
  });
}

for (const design of ["thread-per-client", ...(isLong ? ["prethread-main-accept"] : [])]) {
  Deno.test(`${design} fails with the reason when its main thread throws`, async () => {
    await using faulty = await startFaulty(design, CHILDREN);
    const { server } = faulty;
    faulty.order("parent");
    using _client = new Connection(server.port);
    const { code, failure, stderr } = await server.ended();
    assertEquals([code, stderr], [3, `${failure}\n`]);
    assertMatch(
      failure!,
      /^the main thread failed: thrown as ordered \(parent\) \(servers\/.*:\d+\)$/,
    );
  });
}

Deno.test("prethread-main-accept fails with the reason when its listing throws in the warm-up", async () => {
  const starting = startFaulty("prethread-main-accept", 1, "serve!");
  await assertRejects(() => starting, Error, "the main thread failed: ");
});

const failing = [["prethread-mutex", 1], ["thread-per-client", 0]] as const;
for (const [design, first] of isLong ? failing : failing.slice(0, 1)) {
  Deno.test(`${design} gives up, with the reason, when its threads cannot start any more`, async () => {
    await using faulty = await startFaulty(design, 1);
    const { server } = faulty;
    if (first > 0) {
      faulty.order("serve");
      assertEquals(isServed(server.port), false);
      assertEquals((await death(server)).event, "lost");
    }
    faulty.order("import!");
    const events = [];
    while (events.at(-1) !== "crashing") {
      if (design === "thread-per-client") assertEquals(isServed(server.port), false);
      events.push((await death(server)).event);
    }
    // More on a busy machine, where a thread may live for a second.
    assert(events.length >= 10);
    const { code, failure, report } = await server.ended();
    assertEquals(code, 3);
    assertMatch(
      failure!,
      /^10 children in a row died .*: thrown as ordered \(import\) \(servers\/.*:\d+\)$/,
    );
    assertEquals(sumOf(report, "lost"), 10 + first);
  });
}

const faultyDoor = new URL("../testing/faulty_door.ts", import.meta.url);

Deno.test("door fails with the reason when a thread cannot start", async () => {
  const listing = new URL("?thread=./missing.ts", faultyDoor);
  await using server = new RunningServer("door", { listing, path: freePath() });
  await server.begin();
  const { code, failure } = await server.ended();
  assertEquals(code, 3);
  assertMatch(failure!, /^a thread failed to start: Module not found .*missing\.ts/);
});

/** Starts a door server whose threads die where a client asks them to. */
function startDoor(children: number): Promise<RunningServer> {
  return startServer("door", { children, listing: faultyDoor, path: freePath() });
}

/** The answer to one request to a door. */
function callDoor({ place }: RunningServer, request: string): number {
  using door = new OpenDoor(String(place));
  return doorCall(door.descriptor, { data: new TextEncoder().encode(request) }).data.length;
}

Deno.test("door replaces a thread that throws in the middle of a call", async () => {
  await using server = await startDoor(2);
  for (let i = 0; i < 3; i++) {
    const error = assertThrows(() => callDoor(server, DIE), DoorError);
    assertEquals(error.code, "EINTR");
    const { event, reason, pid } = await death(server);
    assertEquals(event, "lost");
    assertMatch(reason, /^thrown as ordered \(servers\/testing\/faulty_door_thread\.ts:\d+\)$/);
    assert(pid > 0);
    assertEquals(callDoor(server, "7\n"), 7);
  }
  const { report } = await server.stop();
  assertEquals([sumOf(report, "lost"), sumOf(report, "connections")], [3, 3]);
});

Deno.test("door gives up, with the reason, when its threads die before they serve", async () => {
  await using server = await startDoor(1);
  const events = [];
  while (events.at(-1) !== "crashing") {
    assertThrows(() => callDoor(server, DIE), DoorError);
    events.push((await death(server)).event);
  }
  assertEquals(events.length, 10);
  const { failure } = await server.ended();
  assertMatch(failure!, /^10 children in a row died .*: thrown as ordered \(servers\/.*:\d+\)$/);
});
